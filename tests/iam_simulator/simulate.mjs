// Reads a JSON list of simulations and writes one of results: "Allowed", "ExplicitlyDenied", "ImplicitlyDenied", or the
// errors of a simulation that could not be run.
import { readFileSync } from 'node:fs'
import { runSimulation } from '@cloud-copilot/iam-simulate'

const simulations = JSON.parse(readFileSync(0, 'utf8'))
const results = []
for (const simulation of simulations) {
  const found = await runSimulation(simulation, {})
  results.push(found.resultType === 'error' ? `error: ${JSON.stringify(found.errors)}` : found.overallResult)
}
console.log(JSON.stringify(results))
