/** Temporal's time-skipping test server, for the tests of workflows. */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { install } from './install.ts';
import { findProgram, setupPaths } from './paths.ts';

const version = '1.38.0';
const withinMs = 8 * 60_000;

/** Path of a program that takes the port as its first argument. It runs the server's Java archives, which Maven brings. */
export async function ensureTestServer(repository: string, progress: (line: string) => void): Promise<string> {
  const { root, testServer, testServerLib } = setupPaths(repository);
  const jars = () => existsSync(testServerLib) && readdirSync(testServerLib).some((name) => name.startsWith(`temporal-test-server-${version}`));
  if (!jars()) await fetchArchives(root, testServerLib, progress);
  if (!existsSync(testServer)) {
    mkdirSync(dirname(testServer), { recursive: true });
    writeFileSync(testServer, wrapper);
    chmodSync(testServer, 0o755);
  }
  return testServer;
}

const wrapper = `#!/bin/sh
# Temporal's time-skipping test server. Usage: temporal-test-server PORT
here=$(cd "$(dirname "$0")" && pwd)
exec java -Xmx512m -XX:TieredStopAtLevel=1 -cp "$here/../test-server/lib/*" io.temporal.testserver.TestServer "$1"
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
