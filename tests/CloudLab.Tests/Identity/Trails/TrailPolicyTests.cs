using System.IO.Compression;
using System.Management.Automation;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Review;
using CloudLab.Core.Identity.Trails;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Emulator;
using Xunit;

namespace CloudLab.Tests.Identity.Trails;

[Trait("Area", "Identity")]
public sealed class TrailPolicyTests : IDisposable
{
    private const string Account = "123456789012";

    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab-trail-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_policy_has_what_was_done_and_no_more()
    {
        Write("a.json",
            Event("s3.amazonaws.com", "GetObject", new JsonObject { ["bucketName"] = "movies", ["key"] = "data/users.json" }),
            Event("s3.amazonaws.com", "HeadObject", new JsonObject { ["bucketName"] = "movies", ["key"] = "data/users.json" }),
            Event("s3.amazonaws.com", "ListObjects", new JsonObject { ["bucketName"] = "movies", ["prefix"] = "data/" }),
            Event("s3.amazonaws.com", "PutObject", new JsonObject { ["bucketName"] = "movies", ["key"] = "secret" }, error: "AccessDenied"),
            Event("lambda.amazonaws.com", "CreateFunction20150331", new JsonObject { ["functionName"] = "f1", ["role"] = $"arn:aws:iam::{Account}:role/runner" }),
            Event("sts.amazonaws.com", "GetCallerIdentity", null),
            Event("dynamodb.amazonaws.com", "GetItem", new JsonObject { ["tableName"] = "films" }),
            Event("ec2.amazonaws.com", "DescribeInstances", null));
        TrailPolicy policy = await ReadAsync();
        Assert.Equal(8, policy.Read);
        Assert.Equal(1, policy.Failed);
        string[] statements = [.. policy.Build()!.Statement.Select(statement => statement.ToString())];
        Assert.Contains("Allow s3:GetObject on arn:aws:s3:::movies/data/users.json", statements);
        Assert.Contains("Allow s3:ListBucket on arn:aws:s3:::movies if StringLike s3:prefix data/*", statements);
        Assert.Contains($"Allow lambda:CreateFunction on arn:aws:lambda:eu-central-1:{Account}:function:f1", statements);
        Assert.Contains($"Allow iam:PassRole on arn:aws:iam::{Account}:role/runner", statements);
        Assert.Contains($"Allow dynamodb:GetItem on arn:aws:dynamodb:eu-central-1:{Account}:table/films", statements);
        Assert.Contains("Allow ec2:DescribeInstances on *", statements);
        Assert.DoesNotContain(statements, statement => statement.Contains("PutObject", StringComparison.Ordinal));
        TrailPolicy denied = await ReadAsync(includeDenied: true);
        Assert.Contains(denied.Build()!.Statement, statement => statement.Action.Contains("s3:PutObject"));
    }

    [Fact]
    public async Task The_policy_allows_what_was_done_and_nothing_beside_it()
    {
        Write("a.json", [.. Enumerable.Range(0, 500).Select(i => Event("s3.amazonaws.com", "GetObject", new JsonObject { ["bucketName"] = "movies", ["key"] = $"logs/2026/{i % 28:00}/part-{i}.gz" }))]);
        PolicyDocument document = (await ReadAsync()).Build()!;
        Assert.True(Allows(document, "arn:aws:s3:::movies/logs/2026/07/part-7.gz"));
        Assert.False(Allows(document, "arn:aws:s3:::movies/secret"));
        Assert.False(Allows(document, "arn:aws:s3:::movies2/logs/2026/07/part-7.gz"));
        Assert.True(document.ToJson(indented: false).Length < 6144);
    }

    [Fact]
    public async Task A_key_with_wildcards_means_itself()
    {
        Write("a.json", Event("s3.amazonaws.com", "GetObject", new JsonObject { ["bucketName"] = "movies", ["key"] = "a*b?${c}" }));
        PolicyDocument document = (await ReadAsync()).Build()!;
        Assert.True(Allows(document, "arn:aws:s3:::movies/a*b?${c}"));
        Assert.False(Allows(document, "arn:aws:s3:::movies/axxb!c"));
    }

    [Fact]
    public async Task Copies_versions_and_tags_need_permissions_of_their_own()
    {
        Write("a.json",
            Event("s3.amazonaws.com", "CopyObject", new JsonObject { ["bucketName"] = "new", ["key"] = "b", ["x-amz-copy-source"] = "old/a", ["x-amz-tagging-directive"] = "REPLACE", ["x-amz-tagging"] = "k=v" }),
            Event("s3.amazonaws.com", "GetObject", new JsonObject { ["bucketName"] = "new", ["key"] = "b", ["versionId"] = "v1" }));
        string[] statements = [.. (await ReadAsync()).Build()!.Statement.Select(statement => statement.ToString())];
        Assert.Contains("Allow s3:GetObject on arn:aws:s3:::old/a", statements);
        Assert.Contains("Allow s3:GetObjectVersion, s3:PutObject, s3:PutObjectTagging on arn:aws:s3:::new/b", statements);
    }

    [Fact]
    public async Task Gzip_lines_lookups_and_folders_are_read()
    {
        string record = Event("s3.amazonaws.com", "GetObject", new JsonObject { ["bucketName"] = "movies", ["key"] = "k" }).ToJsonString();
        Directory.CreateDirectory(Path.Combine(folder, "AWSLogs", "CloudTrail-Digest"));
        await File.WriteAllTextAsync(Path.Combine(folder, "AWSLogs", "CloudTrail-Digest", "d.json"), "{\"awsAccountId\":\"1\"}", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(folder, "lines.jsonl"), record + "\n" + record + "\n", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(folder, "lookup.json"), new JsonObject { ["Events"] = new JsonArray(new JsonObject { ["EventId"] = "1", ["CloudTrailEvent"] = record }) }.ToJsonString(), Cancellation);
        await using (GZipStream packed = new(File.Create(Path.Combine(folder, "AWSLogs", "r.json.gz")), CompressionLevel.Fastest))
        {
            await packed.WriteAsync(Encoding.UTF8.GetBytes("{\"Records\":[" + record + "," + record + "]}"), Cancellation);
        }

        TrailPolicy policy = await ReadAsync();
        Assert.Equal(5, policy.Read);
        Assert.Equal("Allow s3:GetObject on arn:aws:s3:::movies/k", Assert.Single(policy.Build()!.Statement).ToString());
    }

    [Theory]
    [InlineData("{\"Records\":[{]}", "TrailInvalid")]
    [InlineData("{\"a\":1}", "TrailInvalid")]
    public async Task A_file_that_is_no_trail_is_named(string text, string code)
    {
        string file = Path.Combine(folder, "x.json");
        await File.WriteAllTextAsync(file, text, Cancellation);
        ErrorRecord error = Assert.Single((await CmdletRunner.RunAsync("New-LabPolicyDocument", new { FromTrail = file })).Errors);
        Assert.StartsWith(code, error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(file, error.Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_calls_of_a_principal_count()
    {
        Write("a.json",
            Event("s3.amazonaws.com", "GetObject", new JsonObject { ["bucketName"] = "movies", ["key"] = "k" }, role: "reader"),
            Event("s3.amazonaws.com", "DeleteObject", new JsonObject { ["bucketName"] = "movies", ["key"] = "k" }, role: "cleaner"));
        CmdletResult result = (await CmdletRunner.RunAsync("New-LabPolicyDocument", new { FromTrail = folder, Principal = "read*" })).Ok();
        Assert.Equal("Allow s3:GetObject on arn:aws:s3:::movies/k", Assert.Single(result.OutputOf<PolicyDocument>().Single().Statement).ToString());
        CmdletResult none = await CmdletRunner.RunAsync("New-LabPolicyDocument", new { FromTrail = folder, Principal = "nobody" });
        Assert.StartsWith("NothingWasDone", none.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_granted_and_not_used_is_found()
    {
        Write("a.json",
            Event("s3.amazonaws.com", "ListObjects", new JsonObject { ["bucketName"] = "movies" }, role: "web"),
            Event("s3.amazonaws.com", "GetObject", new JsonObject { ["bucketName"] = "movies", ["key"] = "k" }, role: "web"));
        string account = Path.Combine(Module.Repository.Folder, "tests", "CloudLab.Tests", "Identity", "Review", "bad-account.json");
        LabPolicyFinding[] found = [.. (await CmdletRunner.RunAsync("Measure-LabPolicy", new { Path = account, Trail = folder })).Ok().OutputOf<LabPolicyFinding>()];
        Assert.DoesNotContain(found, finding => finding.Principal.EndsWith("role/web", StringComparison.Ordinal));
        Assert.Contains(found, finding => finding.Id == "UnusedPrincipal" && finding.Principal.EndsWith("role/notifier", StringComparison.Ordinal));
    }

    /// <summary>What a call needs besides the permission of its name counts as used, as it does for the policy of a trail.</summary>
    [Fact]
    public async Task What_a_call_needs_besides_is_used()
    {
        Write("a.json",
            Event("lambda.amazonaws.com", "CreateFunction20150331", new JsonObject { ["functionName"] = "f1", ["role"] = $"arn:aws:iam::{Account}:role/runner" }),
            Event("s3.amazonaws.com", "GetObject", new JsonObject { ["bucketName"] = "movies", ["key"] = "k", ["versionId"] = "v" }),
            Event("s3.amazonaws.com", "PutObject", new JsonObject { ["bucketName"] = "movies", ["key"] = "k", ["x-amz-acl"] = "private" }));
        TrailUsage usage = new();
        foreach (TrailSource source in TrailSource.OfPath(folder))
        {
            await usage.AddAsync(source, Cancellation);
        }

        Assert.Equal(
            ["iam:PassRole", "lambda:CreateFunction", "s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectAcl"],
            usage.Of($"arn:aws:iam::{Account}:role/worker")!.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_trail_that_cannot_be_read_is_one_error()
    {
        CmdletResult nothing = await CmdletRunner.RunAsync("New-LabPolicyDocument", new { FromTrail = Path.Combine(folder, "*.json") });
        Assert.StartsWith("PathNotFound,", nothing.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("*.json", nothing.TerminatingError.ToString(), StringComparison.Ordinal);
        string file = Path.Combine(folder, "locked.json");
        await File.WriteAllTextAsync(file, "{\"Records\":[]}", Cancellation);
        await using FileStream lockOnIt = new(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        ErrorRecord error = Assert.Single((await CmdletRunner.RunAsync("New-LabPolicyDocument", new { FromTrail = file })).Errors);
        Assert.StartsWith("TrailUnreadable,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(file, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Memory_does_not_grow_with_the_names()
    {
        ResourceSet set = new();
        for (int i = 0; i < 100_000; i++)
        {
            set.Add($"arn:aws:s3:::movies/logs/{i % 1000}/{i}.gz");
        }

        Assert.Equal(["arn:aws:s3:::movies/logs/*"], set.Write(0));
        ResourceSet few = new();
        few.Add("arn:aws:s3:::movies/a");
        few.Add("arn:aws:s3:::movies/b");
        Assert.Equal(["arn:aws:s3:::movies/a", "arn:aws:s3:::movies/b"], few.Write(0));
        await Task.CompletedTask;
    }

    [Fact]
    public async Task What_the_session_did_becomes_a_policy()
    {
        await using LabEmulator emulator = await LabEmulator.StartAsync(null, Cancellation);
        LabSession session = LabSession.Resolve(emulator.Info.GetSessionOptions(), "test", null, new LabEnvironment(_ => null, folder));
        string bucket = "from-session-" + Guid.NewGuid().ToString("N")[..8], role = "r" + Guid.NewGuid().ToString("N")[..8];
        (await CmdletRunner.RunAsync("New-LabBucket", new { Bucket = bucket, Session = session })).Ok();
        (await CmdletRunner.RunAsync("Set-LabObjectContent", new { Bucket = bucket, Key = "data/a.txt", Value = "x", Session = session })).Ok();
        (await CmdletRunner.RunAsync("Get-LabObject", new { Bucket = bucket, Prefix = "data/", Session = session })).Ok();
        (await CmdletRunner.RunAsync("Get-LabBucketVersioning", new { Bucket = bucket, Session = session })).Ok();
        (await CmdletRunner.RunAsync("New-LabRole", new { Name = role, Session = session })).Ok();
        PolicyDocument document = (await CmdletRunner.RunAsync("New-LabPolicyDocument", new { FromSession = true })).Ok().OutputOf<PolicyDocument>().Single();
        Assert.True(Allows(document, $"arn:aws:s3:::{bucket}/data/a.txt", "s3:PutObject"), document.ToJson());
        Assert.True(Allows(document, $"arn:aws:s3:::{bucket}", "s3:CreateBucket"), document.ToJson());
        Assert.True(Allows(document, $"arn:aws:iam::123456789012:role/{role}", "iam:CreateRole"), document.ToJson());
        Assert.False(Allows(document, "arn:aws:s3:::another-bucket/data/a.txt", "s3:DeleteObject"), document.ToJson());
    }

    [Fact]
    public void Keys_with_any_character_stay_one_resource()
    {
        AwsCallLog log = new();
        log.Add("s3", "PutObject", ("bucketName", "movies"), ("key", "b\né +%2F"));
        log.Add("s3", "PutObject", ("bucketName", "movies"), ("key", "b"));
        PolicyDocument document = SessionTrail.Policy(log).Build()!;
        Assert.Equal(["arn:aws:s3:::movies/b", "arn:aws:s3:::movies/b\né +%2F"], document.Statement.Single().Resource);
        Assert.True(Allows(document, "arn:aws:s3:::movies/b\né +%2F", "s3:PutObject"));
    }

    [Fact]
    public void Of_too_many_keys_the_folder_counts_then_the_bucket()
    {
        AwsCallLog log = new(mostNames: 2);
        log.Add("s3", "GetObject", ("bucketName", "movies"), ("key", "a/1"));
        log.Add("s3", "GetObject", ("bucketName", "movies"), ("key", "a/2"));
        log.Add("s3", "GetObject", ("bucketName", "movies"), ("key", "b/1"));
        log.Add("s3", "GetObject", ("bucketName", "movies"), ("key", "b/2"));
        PolicyDocument document = SessionTrail.Policy(log).Build()!;
        Assert.True(Allows(document, "arn:aws:s3:::movies/b/2"));
        Assert.True(Allows(document, "arn:aws:s3:::movies/a/1"));
        Assert.False(Allows(document, "arn:aws:s3:::movies/a/3"));
        Assert.False(Allows(document, "arn:aws:s3:::movies/c/1"));
        log.Add("s3", "DeleteObject", ("bucketName", "movies"), ("key", "c/1"));
        log.Add("s3", "GetObject", ("bucketName", "other"), ("key", "d/1"));
        log.Add("s3", "GetObject", ("bucketName", "other"), ("key", "e/1"));
        document = SessionTrail.Policy(log).Build()!;
        Assert.True(Allows(document, "arn:aws:s3:::movies/c/1", "s3:DeleteObject"));
        Assert.True(Allows(document, "arn:aws:s3:::other/e/1"));
        Assert.Equal(0, log.LeftOut);
        for (int i = 0; i < 9; i++)
        {
            log.Add("iam", "GetRole", ("roleName", "r" + i));
        }

        Assert.Equal(6, log.LeftOut);
    }

    [Fact]
    public async Task A_copy_needs_the_tags_and_the_version_of_its_source()
    {
        Write("a.json", Event("s3.amazonaws.com", "CopyObject", new JsonObject { ["bucketName"] = "movies", ["key"] = "b", ["x-amz-copy-source"] = "/films/a%3F?versionId=v1" }));
        string[] statements = [.. (await ReadAsync()).Build()!.Statement.Select(statement => statement.ToString())];
        Assert.Equal(
            ["Allow s3:GetObjectVersion, s3:GetObjectVersionTagging on arn:aws:s3:::films/a${?}", "Allow s3:PutObject, s3:PutObjectTagging on arn:aws:s3:::movies/b"], statements);
    }

    private static bool Allows(PolicyDocument document, string resource, string action = "s3:GetObject") => PolicyEvaluator.Evaluate(
        new PolicyRequest(action, resource, new PolicyCaller { Account = Account, Arn = $"arn:aws:iam::{Account}:user/u" }, new PolicyContext()),
        new PolicySet { Identity = [new NamedPolicy("p", document)] }).Allowed;

    private static JsonObject Event(string source, string name, JsonObject? parameters, string? error = null, string role = "worker") => new()
    {
        ["eventVersion"] = "1.11",
        ["userIdentity"] = new JsonObject
        {
            ["type"] = "AssumedRole",
            ["arn"] = $"arn:aws:sts::{Account}:assumed-role/{role}/s",
            ["accountId"] = Account,
            ["sessionContext"] = new JsonObject { ["sessionIssuer"] = new JsonObject { ["type"] = "Role", ["arn"] = $"arn:aws:iam::{Account}:role/{role}" } },
        },
        ["eventTime"] = "2026-11-28T12:00:00Z",
        ["eventSource"] = source,
        ["eventName"] = name,
        ["awsRegion"] = "eu-central-1",
        ["errorCode"] = error,
        ["requestParameters"] = parameters,
        ["responseElements"] = null,
        ["recipientAccountId"] = Account,
    };

    private void Write(string file, params JsonNode[] records) =>
        File.WriteAllText(Path.Combine(folder, file), new JsonObject { ["Records"] = new JsonArray([.. records]) }.ToJsonString());

    private async Task<TrailPolicy> ReadAsync(bool includeDenied = false)
    {
        TrailPolicy policy = new();
        foreach (TrailSource source in TrailSource.OfPath(folder))
        {
            await policy.AddAsync(source, new PrincipalFilter([]), includeDenied, Cancellation);
        }

        return policy;
    }
}
