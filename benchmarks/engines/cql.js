// Runs cql-execution once: `node cql.js JOB.json`. Prints one line of JSON; see worker.py, which does the same in Python.
// Timed: executor.exec over a PatientSource already made, results left in the library's own Results.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const cql = require("cql-execution");

const WARM_UP = 500;
const STATUS = new Map([[false, 0], [null, 1], [true, 2]]);
const LOST = 3;

function patients(job, count) {
  const lines = fs.readFileSync(job.admissions, "utf8").split("\n", count).filter((line) => line);
  return lines.map((line, place) => ({ id: String(place), recordType: "Patient", ...JSON.parse(line) }));
}

async function main() {
  const job = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
  const executor = new cql.Executor(new cql.Library(job.elm));
  await executor.exec(new cql.PatientSource(patients(job, WARM_UP)));
  const source = new cql.PatientSource(patients(job, job.rows));
  if (global.gc) global.gc();
  const cpuBegan = process.cpuUsage();
  const began = process.hrtime.bigint();
  const results = await executor.exec(source);
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const cpu = process.cpuUsage(cpuBegan);
  const names = Object.keys(job.rules);
  const answers = Buffer.alloc(job.rows * names.length, LOST);
  for (let row = 0; row < job.rows; row++) {
    const said = results.patientResults[String(row)];
    if (said === undefined) continue;
    names.forEach((name, place) => {
      answers[row * names.length + place] = STATUS.get(said[name]) ?? LOST;
    });
  }
  fs.writeFileSync(job.answers, answers);
  const shipped = path.join(path.dirname(require.resolve("cql-execution")), "..", "package.json");
  console.log(JSON.stringify({
    seconds,
    cpu_seconds: (cpu.user + cpu.system) / 1e6,
    peak_rss_mb: Math.round(process.resourceUsage().maxRSS / 102.4) / 10,
    version: JSON.parse(fs.readFileSync(shipped, "utf8")).version,
  }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
