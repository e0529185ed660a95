"""Makes every Python that starts with this folder on its path say all it can."""

import asyncio
import logging
import warnings

logging.basicConfig(level=logging.DEBUG, format="%(levelname)s %(name)s %(message)s %(args)s")
logging.captureWarnings(capture=False)
warnings.simplefilter("always")
asyncio.log.logger.setLevel(logging.DEBUG)
