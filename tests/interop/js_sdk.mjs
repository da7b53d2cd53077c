// The JavaScript SDK's scenario on the local engine; see js_sdk.py. Prints TAP.
//   node js_sdk.mjs FOLDER-WITH-node_modules ENDPOINT
import { createRequire } from "node:module";
import { randomBytes } from "node:crypto";

const [folder, endpoint] = process.argv.slice(2);
const require = createRequire(`${folder}/package.json`);
const SM = require("@aws-sdk/client-sagemaker");
const CWL = require("@aws-sdk/client-cloudwatch-logs");
const CW = require("@aws-sdk/client-cloudwatch");
const S3 = require("@aws-sdk/client-s3");
const STS = require("@aws-sdk/client-sts");
const SCH = require("@aws-sdk/client-scheduler");
const { Upload } = require("@aws-sdk/lib-storage");

const group = "/aws/sagemaker/TrainingJobs";
const config = { endpoint, region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } };
const sagemaker = new SM.SageMakerClient(config);
// The live tail's host prefix would lead away from a plain address.
const logs = new CWL.CloudWatchLogsClient({ ...config, disableHostPrefix: true });
const cloudwatch = new CW.CloudWatchClient(config);
const { AwsSmithyRpcV2CborProtocol: cbor } = require("@aws-sdk/core");
const overCbor = cbor && new CW.CloudWatchClient({ ...config, protocol: cbor });
const s3 = new S3.S3Client({ ...config, forcePathStyle: true });
const scheduler = new SCH.SchedulerClient(config);
const sts = new STS.STSClient(config);

let count = 0, failed = 0;
function ok(what, good, details = "") {
    count++;
    failed += !good;
    console.log(`${good ? "ok" : "not ok"} ${count} - ${what}`);
    if (!good)
        console.log(String(details?.stack ?? details).replace(/^/gm, "#   "));
}
function equal(what, got, expected) {
    const [a, b] = [got, expected].map((x) => JSON.stringify(x));
    ok(what, a === b, `expected: ${b}\ngot: ${a}`);
}
async function refused(what, promise, name) {
    try {
        await promise;
        ok(what, false, "it succeeded");
    } catch (e) {
        equal(what, e.name, name);
    }
}
async function all(pages, key) {
    const items = [];
    for await (const page of pages)
        items.push(...(page[key] ?? []));
    return items;
}

function request(name, rounds, more = {}) {
    const channel = (c) => ({
        ChannelName: c, ContentType: "text/csv",
        DataSource: { S3DataSource: { S3DataType: "S3Prefix", S3Uri: `s3://interop/data/${c}/` } } });
    return {
        TrainingJobName: name, RoleArn: "arn:aws:iam::000000000000:role/interop",
        AlgorithmSpecification: {
            TrainingImage: "sagetop-trainer", TrainingInputMode: "File",
            MetricDefinitions: [{ Name: "validation:rmse", Regex: "validation-rmse:([0-9.]+)" }] },
        HyperParameters: { objective: "reg:squarederror", num_round: String(rounds), nthread: "1" },
        InputDataConfig: [channel("train"), channel("validation")],
        OutputDataConfig: { S3OutputPath: "s3://interop/output/" },
        ResourceConfig: { InstanceType: "ml.m5.large", InstanceCount: 1, VolumeSizeInGB: 5 },
        StoppingCondition: { MaxRuntimeInSeconds: 600 }, ...more };
}

async function objects() {
    await s3.send(new S3.CreateBucketCommand({ Bucket: "interop" }));
    for (const [channel, rows] of [["train", 100], ["validation", 40]]) {
        const lines = Array.from({ length: rows }, (_, i) => `${(i * 7) % 13},${i % 13},${(i * i) % 11}\n`);
        await s3.send(new S3.PutObjectCommand({
            Bucket: "interop", Key: `data/${channel}/${channel}.csv`, Body: lines.join("") }));
    }
    const body = randomBytes(12 << 20);
    await new Upload({ client: s3, params: { Bucket: "interop", Key: "big one+ü", Body: body },
        partSize: 5 << 20, queueSize: 3 }).done();
    const back = await s3.send(new S3.GetObjectCommand({ Bucket: "interop", Key: "big one+ü" }));
    const bytes = Buffer.from(await back.Body.transformToByteArray());
    ok("12 MB up in parts by lib-storage, and down", bytes.equals(body), `${bytes.length} bytes`);
    for (let i = 0; i < 7; i++)
        await s3.send(new S3.PutObjectCommand({ Bucket: "interop", Key: `many/${i}`, Body: "x".repeat(i) }));
    const listed = await all(S3.paginateListObjectsV2({ client: s3, pageSize: 3 },
        { Bucket: "interop", Prefix: "many/" }), "Contents");
    equal("paginateListObjectsV2", listed.map((o) => [o.Key, o.Size]), [0, 1, 2, 3, 4, 5, 6].map((i) => [`many/${i}`, i]));
    await refused("an unknown key", s3.send(new S3.GetObjectCommand({ Bucket: "interop", Key: "no" })), "NoSuchKey");
}

async function jobs() {
    await sagemaker.send(new SM.CreateTrainingJobCommand(request("first", 20, { Tags: [{ Key: "a", Value: "b" }] })));
    await sagemaker.send(new SM.CreateTrainingJobCommand(request("second", 5)));
    const wait = { client: sagemaker, maxWaitTime: 300, minDelay: 1, maxDelay: 2 };
    for (const name of ["first", "second"])
        equal(`waitUntilTrainingJobCompletedOrStopped ${name}`, (await SM.waitUntilTrainingJobCompletedOrStopped(
            wait, { TrainingJobName: name })).state, "SUCCESS");
    const job = await sagemaker.send(new SM.DescribeTrainingJobCommand({ TrainingJobName: "first" }));
    equal("describe", [job.TrainingJobStatus, job.HyperParameters, job.CreationTime instanceof Date],
        ["Completed", request("first", 20).HyperParameters, true]);
    const listed = await all(SM.paginateListTrainingJobs({ client: sagemaker, pageSize: 1 },
        { SortBy: "Name", SortOrder: "Ascending" }), "TrainingJobSummaries");
    equal("paginateListTrainingJobs", listed.map((j) => j.TrainingJobName), ["first", "second"]);
    const found = await all(SM.paginateSearch({ client: sagemaker, pageSize: 1 }, {
        Resource: "TrainingJob", SortBy: "CreationTime", SortOrder: "Ascending",
        SearchExpression: { Filters: [{ Name: "TrainingJobStatus", Operator: "Equals", Value: "Completed" }] } }), "Results");
    equal("paginateSearch", found.map((r) => [r.TrainingJob.TrainingJobName, (r.TrainingJob.Tags ?? []).length]),
        [["first", 1], ["second", 0]]);
    await refused("a name that is taken", sagemaker.send(new SM.CreateTrainingJobCommand(request("first", 1))),
        "ResourceInUse");
    await refused("an unknown job", sagemaker.send(new SM.DescribeTrainingJobCommand({ TrainingJobName: "no" })),
        "ResourceNotFound");
    const wrong = new SM.SageMakerClient({ ...config, credentials: { accessKeyId: "local", secretAccessKey: "wrong" } });
    await refused("a wrong secret", wrong.send(new SM.ListTrainingJobsCommand({})), "InvalidSignatureException");
    equal("STS", (await sts.send(new STS.GetCallerIdentityCommand({}))).Account, "000000000000");
}

async function observe() {
    const streams = await all(CWL.paginateDescribeLogStreams({ client: logs, pageSize: 1 }, { logGroupName: group }),
        "logStreams");
    equal("paginateDescribeLogStreams", streams.length, 2);
    const events = await all(CWL.paginateFilterLogEvents({ client: logs, pageSize: 5 },
        { logGroupName: group, logStreamNamePrefix: "first/", filterPattern: '"validation-rmse"' }), "events");
    equal("paginateFilterLogEvents", events.length, 20);
}

// CloudWatch speaks several protocols; the SDK's own choice, and CBOR.
async function metrics(name, cloudwatch) {
    const query = (name, stat) => ({
        Id: name, MetricStat: { Period: 60, Stat: stat, Metric: {
            Namespace: group, MetricName: "validation:rmse", Dimensions: [{ Name: "TrainingJobName", Value: "first" }] } } });
    const hour = 3600e3, now = Date.now();
    const results = await all(CW.paginateGetMetricData({ client: cloudwatch }, {
        MetricDataQueries: [query("n", "SampleCount"), query("low", "Minimum")],
        StartTime: new Date(now - hour), EndTime: new Date(now + hour) }), "MetricDataResults");
    const samples = results.filter((r) => r.Id === "n").flatMap((r) => r.Values).reduce((a, b) => a + b, 0);
    equal(`${name}: paginateGetMetricData, a sample a round`, samples, 20);
    ok(`${name}: with times`, results.every((r) => r.Timestamps.every((t) => Math.abs(t - now) < hour)), JSON.stringify(results));
    const listed = await all(CW.paginateListMetrics({ client: cloudwatch }, { Namespace: group }), "Metrics");
    ok(`${name}: paginateListMetrics`, listed.some((m) => m.MetricName === "CPUUtilization"), JSON.stringify(listed));
    let code = null;
    try {
        await cloudwatch.send(new CW.GetMetricDataCommand({
            MetricDataQueries: [query("n", "Sum")], StartTime: new Date(now), EndTime: new Date(now - hour) }));
    } catch (e) {
        code = e.Code;
    }
    equal(`${name}: a wrong range`, code, "ValidationError");
}

async function kinds() {
    for (let i = 0; i < 5; i++)
        await sagemaker.send(new SM.CreateModelCommand({ ModelName: `Model-${i}`, PrimaryContainer: { Image: "i" } }));
    const listed = await all(SM.paginateListModels({ client: sagemaker, pageSize: 2 }, { SortBy: "Name",
        SortOrder: "Descending" }), "Models");
    equal("paginateListModels", listed.map((m) => m.ModelName), [4, 3, 2, 1, 0].map((i) => `Model-${i}`));
    const model = await sagemaker.send(new SM.DescribeModelCommand({ ModelName: "Model-3" }));
    ok("DescribeModel", model.ModelArn.endsWith(":model/model-3") && model.CreationTime instanceof Date, JSON.stringify(model));
    await refused("a model that is not there", sagemaker.send(new SM.DescribeModelCommand({ ModelName: "none" })),
        "ValidationException");
    await refused("a tuning job that is not there", sagemaker.send(new SM.DescribeHyperParameterTuningJobCommand({
        HyperParameterTuningJobName: "none" })), "ResourceNotFound");
    const wish = { Name: "nightly", ScheduleExpression: "rate(1 days)", FlexibleTimeWindow: { Mode: "OFF" },
        Target: { Arn: "arn:aws:scheduler:::aws-sdk:sagemaker:createTrainingJob", RoleArn: "arn:aws:iam::000000000000:role/js" } };
    await scheduler.send(new SCH.CreateScheduleCommand(wish));
    const schedule = await scheduler.send(new SCH.GetScheduleCommand({ Name: "nightly", GroupName: "default" }));
    equal("GetSchedule", [schedule.State, schedule.Target, schedule.CreationDate instanceof Date],
        ["ENABLED", wish.Target, true]);
    await refused("a name taken", scheduler.send(new SCH.CreateScheduleCommand(wish)), "ConflictException");
    await scheduler.send(new SCH.TagResourceCommand({ ResourceArn: schedule.Arn, Tags: [{ Key: "a", Value: "b/ü" }] }));
    const tagged = await scheduler.send(new SCH.ListTagsForResourceCommand({ ResourceArn: schedule.Arn }));
    equal("tags of a schedule, by its ARN in the path", tagged.Tags, [{ Key: "a", Value: "b/ü" }]);
}

async function alarms(name, cloudwatch) {
    await cloudwatch.send(new CW.PutMetricAlarmCommand({
        AlarmName: `alarm of ${name}`, MetricName: "m", Namespace: "n", Statistic: "Sum", Period: 60,
        EvaluationPeriods: 1, Threshold: 1.5, ComparisonOperator: "GreaterThanThreshold",
        Dimensions: [{ Name: "EndpointName", Value: "e" }] }));
    const told = await cloudwatch.send(new CW.DescribeAlarmsCommand({ AlarmNames: [`alarm of ${name}`] }));
    const [alarm] = told.MetricAlarms;
    equal(`${name}: an alarm`, [alarm.StateValue, alarm.Threshold, alarm.Dimensions[0].Value,
        alarm.StateUpdatedTimestamp instanceof Date], ["INSUFFICIENT_DATA", 1.5, "e", true]);
    await cloudwatch.send(new CW.PutDashboardCommand({ DashboardName: "board", DashboardBody: '{"widgets": []}' }));
    const boards = await cloudwatch.send(new CW.ListDashboardsCommand({ DashboardNamePrefix: "bo" }));
    equal(`${name}: a dashboard`, boards.DashboardEntries.map((b) => [b.DashboardName, b.Size,
        b.LastModified instanceof Date]), [["board", 15, true]]);
    // The SDK goes by the Query code, which two errors of the service share.
    await refused(`${name}: a dashboard that is not there`, cloudwatch.send(new CW.GetDashboardCommand({
        DashboardName: "none" })), "ResourceNotFound");
}

async function liveTail() {
    const stop = new AbortController();
    const tail = await logs.send(new CWL.StartLiveTailCommand({
        logGroupIdentifiers: [`arn:aws:logs:us-east-1:000000000000:log-group:${group}`],
        logStreamNamePrefixes: ["third/"] }), { abortSignal: stop.signal });
    const timer = setTimeout(() => stop.abort(), 300e3);
    let started = false, lines = 0;
    try {
        for await (const event of tail.responseStream) {
            if (event.sessionStart) {
                started = true;
                await sagemaker.send(new SM.CreateTrainingJobCommand(request("third", 30)));
            }
            for (const e of event.sessionUpdate?.sessionResults ?? [])
                lines += e.message.includes("validation-rmse") && e.logStreamName.startsWith("third/");
            if (lines >= 30)
                break;
        }
    } catch (e) {
        ok("live tail", false, e);
    }
    clearTimeout(timer);
    stop.abort();
    equal("StartLiveTail: the session starts, and every round arrives", [started, lines], [true, 30]);
}

const byDefault = () => metrics("CloudWatch", cloudwatch);
const byCbor = () => overCbor
    ? metrics("CloudWatch over CBOR", overCbor)
    : console.log(`ok ${++count} - CloudWatch over CBOR # SKIP this SDK has no such protocol`);
const alarmsByDefault = () => alarms("CloudWatch", cloudwatch);
const alarmsByCbor = () => overCbor && alarms("CloudWatch over CBOR", overCbor);
for (const part of [objects, jobs, observe, byDefault, byCbor, kinds, alarmsByDefault, alarmsByCbor, liveTail]) {
    try {
        await part();
    } catch (e) {
        ok(part.name, false, e);
    }
}
console.log(`1..${count}`);
process.exit(failed ? 1 : 0);
