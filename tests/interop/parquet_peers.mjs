// Writes the table of data.csv as Parquet with one other writer, in many ways.
//   node parquet_peers.mjs MODULES_FOLDER PEER WORK_FOLDER
// WORK_FOLDER holds data.csv (a header; no quotes; an empty cell is missing) and
// types.json ({name: type}). Each file written is told of by a line of JSON: its name, the
// columns in it, and what it is.
import fs from "node:fs";
import module from "node:module";
import path from "node:path";
import zlib from "node:zlib";

const [folder, peer, work] = process.argv.slice(2);
const require = module.createRequire(path.join(folder, "package.json"));
const types = JSON.parse(fs.readFileSync(path.join(work, "types.json")));
const names = Object.keys(types);
const source = path.join(work, "data.csv");
let count = 0;

function target(what, columns) {
  const file = `${peer}-${++count}.parquet`;
  console.log(JSON.stringify({ file, columns, what }));
  return path.join(work, file);
}

// The cells of each column as text, null where missing.
function table() {
  const rows = fs.readFileSync(source, "utf8").trimEnd().split("\n").slice(1).map((line) => line.split(","));
  return Object.fromEntries(names.map((name, i) => [name, rows.map((row) => (row[i] === "" ? null : row[i]))]));
}

async function duckdb() {
  const { DuckDBInstance } = require("@duckdb/node-api");
  const connection = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
  const sql = { f16: "FLOAT", f32: "FLOAT", f64: "DOUBLE", i8: "TINYINT", i16: "SMALLINT", i32: "INTEGER", i64: "BIGINT", u8: "UTINYINT",
    u16: "USMALLINT", u32: "UINTEGER", u64: "UBIGINT", bool: "BOOLEAN", date: "DATE", text: "VARCHAR", time: "TIMESTAMP",
    dec9: "DECIMAL(9,2)", dec18: "DECIMAL(18,4)", dec30: "DECIMAL(30,6)" };
  const schema = names.map((n) => `'${n}': '${sql[types[n]]}'`).join(", ");
  await connection.run(`CREATE TABLE t AS SELECT * FROM read_csv('${source}', header=true, nullstr='', delim=',', columns={${schema}})`);
  for (const version of ["V1", "V2"])
    for (const codec of ["uncompressed", "snappy", "gzip", "zstd"])
      for (const group of [1000000, 2048])
        await connection.run(`COPY t TO '${target(`${version}, ${codec}, row groups of ${group}`, names)}'
          (FORMAT parquet, PARQUET_VERSION ${version}, COMPRESSION ${codec}, ROW_GROUP_SIZE ${group})`);
  await connection.run(`COPY t TO '${target("V1, no dictionaries", names)}' (FORMAT parquet, DICTIONARY_SIZE_LIMIT 1)`);
  await connection.run(`COPY t TO '${target("V2, no dictionaries", names)}' (FORMAT parquet, PARQUET_VERSION V2, DICTIONARY_SIZE_LIMIT 1)`);
  for (const codec of ["lz4_raw", "brotli"])
    await connection.run(`COPY t TO '${target(`refused: ${codec}`, names)}' (FORMAT parquet, COMPRESSION ${codec})`);
  await connection.run(`COPY (SELECT y, {'a': f64, 'b': i32} AS pair FROM t) TO '${target("refused: struct", names)}' (FORMAT parquet)`);
  await connection.run(`COPY (SELECT y, [f64, 1] AS list FROM t) TO '${target("refused: list", names)}' (FORMAT parquet)`);
  await connection.run(`COPY (SELECT y, uuid() AS id FROM t) TO '${target("refused: uuid", names)}' (FORMAT parquet)`);
}

function polars() {
  const pl = require("nodejs-polars");
  const dtypes = { f32: pl.Float32, f64: pl.Float64, i8: pl.Int8, i16: pl.Int16, i32: pl.Int32, i64: pl.Int64, u8: pl.UInt8,
    u16: pl.UInt16, u32: pl.UInt32, u64: pl.UInt64, bool: pl.Bool, date: pl.Date, text: pl.Utf8 };
  const columns = names.filter((n) => dtypes[types[n]]);
  const text = pl.readCSV(source, { inferSchemaLength: 0 });
  const frame = text.select(...columns.map((n) =>
    types[n] === "text" ? pl.col(n)
      : types[n] === "bool" ? pl.col(n).eq(pl.lit("true")).as(n)
      : types[n] === "date" ? pl.col(n).str.strptime(pl.Date, "%Y-%m-%d").as(n)
      : pl.col(n).cast(dtypes[types[n]], true)));
  for (const compression of ["uncompressed", "snappy", "gzip", "zstd"]) {
    frame.writeParquet(target(`as it is, ${compression}`, columns), { compression });
    const lazy = frame.lazy().sinkParquet(target(`small groups and pages, ${compression}`, columns),
      { compression, rowGroupSize: 700, dataPagesizeLimit: 2000, maintainOrder: true });
    lazy.collectSync();
  }
  frame.writeParquet(target("refused: lz4_raw", columns), { compression: "lz4" });
}

function rust() {
  const arrow = require("apache-arrow");
  const wasm = require("parquet-wasm");
  const kinds = { f16: arrow.Float16, f32: arrow.Float32, f64: arrow.Float64, i8: arrow.Int8, i16: arrow.Int16, i32: arrow.Int32,
    i64: arrow.Int64, u8: arrow.Uint8, u16: arrow.Uint16, u32: arrow.Uint32, u64: arrow.Uint64, bool: arrow.Bool,
    text: arrow.Utf8, date: arrow.DateDay };
  const convert = { i64: BigInt, u64: BigInt, bool: (v) => v === "true", text: String, date: (v) => new Date(v) };
  const columns = names.filter((n) => kinds[types[n]]);
  const cells = table();
  const vectors = {};
  for (const n of columns)
    vectors[n] = arrow.vectorFromArray(cells[n].map((v) => (v === null ? null : (convert[types[n]] ?? Number)(v))), new kinds[types[n]]());
  const ipc = arrow.tableToIPC(new arrow.Table(vectors), "stream");
  const plainest = (b) => b.setDictionaryEnabled(false);
  const each = (wanted, encoding) => (b) =>
    columns.filter((n) => wanted.test(types[n])).reduce((x, n) => x.setColumnEncoding(n, encoding), plainest(b));
  const ways = {
    "as it is": (b) => b,
    "small groups and pages": (b) => b.setMaxRowGroupSize(800).setDataPageSizeLimit(600).setWriteBatchSize(64),
    "no dictionaries": plainest,
    "dictionaries that overflow": (b) => b.setDictionaryPageSizeLimit(500).setWriteBatchSize(50),
    "delta": each(/^[iu]\d|^date/, wasm.Encoding.DELTA_BINARY_PACKED),
    "delta lengths": each(/^text/, wasm.Encoding.DELTA_LENGTH_BYTE_ARRAY),
    "delta strings": each(/^text/, wasm.Encoding.DELTA_BYTE_ARRAY),
    "split streams": each(/^[fiu]\d/, wasm.Encoding.BYTE_STREAM_SPLIT),
    "runs": each(/^bool/, wasm.Encoding.RLE),
  };
  const write = (what, properties) =>
    fs.writeFileSync(target(what, columns), wasm.writeParquet(wasm.Table.fromIPCStream(ipc), properties.build()));
  for (const version of ["V1", "V2"])
    for (const [what, way] of Object.entries(ways))
      write(`${version}, ${what}`, way(new wasm.WriterPropertiesBuilder().setWriterVersion(wasm.WriterVersion[version])));
  for (const codec of ["UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD"])
    for (const version of ["V1", "V2"])
      write(`${version}, ${codec}`, new wasm.WriterPropertiesBuilder().setWriterVersion(wasm.WriterVersion[version])
        .setCompression(wasm.Compression[codec]).setMaxRowGroupSize(2000));
  for (const codec of ["BROTLI", "LZ4_RAW"])
    write(`refused: ${codec.toLowerCase()}`, new wasm.WriterPropertiesBuilder().setCompression(wasm.Compression[codec]));
}

async function hyparquet() {
  const { parquetWriteBuffer, schemaFromColumnData } = await import(path.join(folder, "node_modules/hyparquet-writer/src/index.js"));
  const kinds = { f32: "FLOAT", f64: "DOUBLE", i32: "INT32", i64: "INT64", bool: "BOOLEAN", text: "STRING", time: "TIMESTAMP", f16: "FLOAT16" };
  const overrides = {};
  const decimal = (n, length, precision, scale) => {
    overrides[n] = { name: n, type: "FIXED_LEN_BYTE_ARRAY", type_length: length, converted_type: "DECIMAL", precision, scale, repetition_type: "OPTIONAL" };
  };
  for (const n of names) {
    if (types[n] === "dec9") decimal(n, 5, 9, 2);
    if (types[n] === "date") overrides[n] = { name: n, type: "INT32", converted_type: "DATE", repetition_type: "OPTIONAL" };
    if (types[n] === "u32") overrides[n] = { name: n, type: "INT32", logical_type: { type: "INTEGER", bitWidth: 32, isSigned: false }, repetition_type: "OPTIONAL" };
  }
  const convert = { i64: BigInt, bool: (v) => v === "true", text: String, date: (v) => new Date(v), time: (v) => new Date(`${v.replace(" ", "T")}Z`) };
  const columns = names.filter((n) => kinds[types[n]] || overrides[n]);
  const cells = table();
  const data = (encodings) => columns.map((n) => ({ name: n, type: overrides[n] ? undefined : kinds[types[n]], encoding: encodings[types[n]],
    data: cells[n].map((v) => (v === null ? null : (convert[types[n]] ?? Number)(v))) }));
  const write = (what, encodings, options) => {
    const columnData = data(encodings);
    const schema = schemaFromColumnData({ columnData, schemaOverrides: overrides });
    columnData.forEach((column) => delete column.type);
    const bytes = parquetWriteBuffer({ columnData, schema, ...options });
    fs.writeFileSync(target(what, columns), Buffer.from(bytes));
  };
  write("as it is", {}, {});
  write("small groups and pages", {}, { rowGroupSize: 900, pageSize: 1000 });
  write("gzip", {}, { codec: "GZIP", compressors: { GZIP: (bytes) => zlib.gzipSync(bytes) } });
  write("deltas", { i32: "DELTA_BINARY_PACKED", i64: "DELTA_BINARY_PACKED", text: "DELTA_BYTE_ARRAY" }, { pageSize: 3000 });
  write("delta lengths", { text: "DELTA_LENGTH_BYTE_ARRAY", bool: "RLE" }, { codec: "UNCOMPRESSED" });
  write("split streams", { f32: "BYTE_STREAM_SPLIT", f64: "BYTE_STREAM_SPLIT", i32: "BYTE_STREAM_SPLIT", dec9: "BYTE_STREAM_SPLIT" }, { rowGroupSize: 900 });
  write("plain", Object.fromEntries(Object.values(types).map((t) => [t, "PLAIN"])), { codec: "UNCOMPRESSED" });
}

await { duckdb, polars, rust, hyparquet }[peer]();
