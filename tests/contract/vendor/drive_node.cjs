// Run the vendor's Node client: a call per line of stdin, its outcome per line of stdout.
// Arguments: the folder of packages, the API's host and port. Credentials and trust come from the environment.
// Names go in and come out in snake_case, as the API writes them.
const path = require("node:path");
const readline = require("node:readline");

const [packages, host] = process.argv.slice(2);
const Client = require(path.join(packages, "@voximplant/apiclient-nodejs")).default;

const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const renamed = (value, how) => {
  if (Array.isArray(value)) return value.map((item) => renamed(item, how));
  if (value === null || typeof value !== "object" || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [how(name), renamed(item, how)]));
};

// An argument as the client takes it: moments as dates.
const taken = (value) => (value?.moment ? new Date(value.moment) : value);

// The client's methods by the command that each sends.
const methods = (client) => {
  const found = {};
  for (const group of Object.values(client)) {
    for (const method of Object.values(group ?? {})) {
      if (typeof method !== "function") continue;
      const sent = /makeRequest\(\s*['"](\w+)['"]/.exec(method.toString());
      if (sent) found[sent[1]] = method;
    }
  }
  return found;
};

const client = new Client({ host });
client.onReady = async () => {
  const byCommand = methods(client);
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [command, values] = JSON.parse(line);
    let outcome;
    try {
      const given = Object.entries(values).map(([name, value]) => [camel(name), taken(value)]);
      outcome = renamed(await byCommand[command](Object.fromEntries(given)), snake);
    } catch (error) {
      outcome = { failure: String(error) };
    }
    console.log(JSON.stringify(outcome));
  }
};
