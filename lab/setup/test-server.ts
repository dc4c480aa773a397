/** Temporal's time-skipping test server, for the tests of workflows. */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { answers, freePort } from '../ports.ts';
import { install } from './install.ts';
import { findProgram, setupPaths } from './paths.ts';

const version = '1.38.0';
const withinMs = 8 * 60_000;
const keepWithinMs = 60_000;

/** Path of a program that takes the port as its first argument. It runs the server's Java archives, which Maven brings. */
export async function ensureTestServer(repository: string, progress: (line: string) => void): Promise<string> {
  const { root, testServer, testServerLib } = setupPaths(repository);
  const jars = () => existsSync(testServerLib) && readdirSync(testServerLib).some((name) => name.startsWith(`temporal-test-server-${version}`));
  if (!jars()) await fetchArchives(root, testServerLib, progress);
  if (!existsSync(testServer) || readFileSync(testServer, 'utf8') !== wrapper) {
    mkdirSync(dirname(testServer), { recursive: true });
    writeFileSync(testServer, wrapper);
    chmodSync(testServer, 0o755);
  }
  const classes = join(dirname(testServerLib), 'classes.jsa');
  if (!existsSync(classes)) await keepClasses(testServerLib, classes, progress);
  return testServer;
}

/** Starts the server once and keeps the classes that it loaded. Where Java cannot keep them the tests' servers only start more slowly. */
async function keepClasses(lib: string, classes: string, progress: (line: string) => void): Promise<void> {
  progress('keeping the classes that the test server loads …');
  const port = await freePort(0);
  const options = ['-XX:TieredStopAtLevel=1', '-Xlog:disable', `-XX:ArchiveClassesAtExit=${classes}`, '-cp', `${lib}/*`];
  const server = spawn('java', [...options, 'io.temporal.testserver.TestServer', String(port)], {
    stdio: 'ignore',
    timeout: keepWithinMs,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<void>((resolve) => server.once('close', () => resolve()));
  while (server.exitCode === null && !(await answers(port))) await pause(50);
  server.kill('SIGTERM');
  await ended;
}

const wrapper = `#!/bin/sh
# Temporal's time-skipping test server. Usage: temporal-test-server PORT
here=$(cd "$(dirname "$0")" && pwd)
# Classes that were loaded once are kept in a file, so that each of the tests' many servers starts in a third of the processor time; a missing or foreign file is ignored.
exec java -Xmx512m -XX:TieredStopAtLevel=1 -Xshare:auto -Xlog:disable -XX:SharedArchiveFile="$here/../test-server/classes.jsa" -cp "$here/../test-server/lib/*" io.temporal.testserver.TestServer "$1"
`;

async function fetchArchives(root: string, target: string, progress: (line: string) => void): Promise<void> {
  const maven = findProgram('mvn');
  if (!maven || !findProgram('java')) {
    throw new Error(
      'The tests of workflows need Java and Maven. The lab itself does not; nothing else was changed. Install them with: apt-get install default-jre-headless maven',
    );
  }
  const project = join(root, 'test-server', 'project');
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, 'pom.xml'), pom);
  try {
    const copy = [maven, '-q', '-B', '-f', join(project, 'pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${target}`, '-DincludeScope=runtime'];
    await install(copy, `fetching the time-skipping test server ${version}`, progress, { withinMs });
  } catch (error) {
    rmSync(target, { recursive: true, force: true });
    throw new Error(`The time-skipping test server was not fetched: ${(error as Error).message} Check that Maven reaches its repository, and start again.`);
  }
}

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>lab</groupId>
  <artifactId>test-server</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>io.temporal</groupId>
      <artifactId>temporal-test-server</artifactId>
      <version>${version}</version>
    </dependency>
  </dependencies>
</project>
`;
