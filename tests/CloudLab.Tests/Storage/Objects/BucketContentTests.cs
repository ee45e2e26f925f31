using System.Collections;
using System.Management.Automation;
using Amazon.S3;
using Amazon.S3.Model;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Buckets.Settings;
using CloudLab.Tests.Faults;
using Xunit;

namespace CloudLab.Tests.Storage.Objects;

[Trait("Area", "Storage")]
public sealed class BucketContentsOnEmulatorTests() : BucketContentTests(StorageServer.Emulator);

[Trait("Area", "Storage")]
[Trait("Server", "s3")]
public sealed class BucketContentsOnCephTests() : BucketContentTests(StorageServer.Ceph);

/// <summary>Creating buckets with settings, counting and emptying them.</summary>
public abstract class BucketContentTests(StorageServer server) : StorageTest(server)
{
    private string New { get; } = "lab-" + Guid.NewGuid().ToString("N")[..12];

    public override async ValueTask DisposeAsync()
    {
        if (Client is not null && await Buckets.FindAsync(New, CancellationToken.None) is not null)
        {
            Assert.Empty(await Buckets.RemoveAsync(New, empty: true, CancellationToken.None));
        }

        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_bucket_is_created_with_its_settings()
    {
        LabBucket made = Assert.Single((await RunAsync("New-LabBucket", new { Bucket = New, Session, Versioning = true, Tag = new Hashtable { ["team"] = "film", ["cost"] = 42 } }))
            .Ok().OutputOf<LabBucket>());
        Assert.Equal(New, made.Bucket);
        Assert.Equal(BucketVersioningStatus.Enabled, (await new BucketVersioning(Client).GetAsync(New, Token))[0].Status);
        Assert.Equal(["cost=42", "team=film"], (await new BucketTagging(Client).GetAsync(New, Token))[0].Tag.Select(tag => $"{tag.Key}={tag.Value}").Order(StringComparer.Ordinal));

        // What is there is left as it is.
        ErrorRecord error = Assert.Single((await RunAsync("New-LabBucket", new { Bucket = New, Session, Tag = new Hashtable { ["x"] = "y" } })).Errors);
        Assert.Equal(("BucketAlreadyOwnedByYou", ErrorCategory.ResourceExists), (Id(error), error.CategoryInfo.Category));
        Assert.False((await new BucketTagging(Client).GetAsync(New, Token))[0].Tag.ContainsKey("x"));
    }

    [Theory]
    [InlineData("versioning")]
    [InlineData("tagging")]
    public async Task A_bucket_that_cannot_be_configured_is_removed_again(string setting)
    {
        await using FaultProxy proxy = new(ServerUrl);
        proxy.Times(int.MaxValue, request => request.Method == "PUT" && request.Target.Contains('?' + setting, StringComparison.Ordinal), new Fault(FaultKind.Status, 500));
        CmdletResult result = await RunAsync("New-LabBucket", new
        {
            Bucket = New, Session = await ConnectAsync(proxy.Url), Versioning = true, Tag = new Hashtable { ["a"] = "b" },
        });
        ErrorRecord error = Assert.Single(result.Errors);
        Assert.Equal("InternalError", Id(error));
        Assert.StartsWith($"Bucket '{New}' was not created because it could not be configured: ", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.ToString());
        Assert.Empty(result.Output);
        Assert.Null(await Buckets.FindAsync(New, Token));
    }

    [Fact]
    public async Task A_bucket_that_can_neither_be_configured_nor_removed_is_told_so()
    {
        await using FaultProxy proxy = new(ServerUrl);
        proxy.Times(int.MaxValue, request => request.Method == "DELETE" || request.Target.Contains("?tagging", StringComparison.Ordinal), new Fault(FaultKind.Status, 500));
        ErrorRecord error = Assert.Single((await RunAsync("New-LabBucket", new { Bucket = New, Session = await ConnectAsync(proxy.Url), Tag = new Hashtable { ["a"] = "b" } })).Errors);
        Assert.Equal("BucketHalfMade", Id(error));
        Assert.Contains("was created but not configured", error.ToString(), StringComparison.Ordinal);
        Assert.NotNull(await Buckets.FindAsync(New, Token));
    }

    [Fact]
    public async Task Ctrl_C_while_a_bucket_is_configured_leaves_no_bucket()
    {
        await using FaultProxy proxy = new(ServerUrl);
        using CancellationTokenSource ctrlC = new();
        proxy.Plan = request =>
        {
            if (!request.Target.Contains("?tagging", StringComparison.Ordinal))
            {
                return Fault.None;
            }

            ctrlC.Cancel();
            return new Fault(FaultKind.StallAtOnce);
        };
        CmdletResult result = await CmdletRunner.RunAsync(
            "New-LabBucket", new { Bucket = New, Session = await ConnectAsync(proxy.Url), Tag = new Hashtable { ["a"] = "b" } }, ctrlC: ctrlC.Token);
        Assert.True(result.Stopped);
        Assert.Contains(proxy.Seen, request => request.Method == "DELETE");
        Assert.Null(await Buckets.FindAsync(New, Token));
    }

    [Theory]
    [InlineData("", "v", "no name")]
    [InlineData("aws:x", "v", "reserved")]
    [InlineData("k", 257, "more than 256")]
    public async Task A_tag_that_breaks_a_rule_is_refused_before_anything_is_sent(string name, object value, string says)
    {
        await using FaultProxy proxy = new(ServerUrl);
        Hashtable tags = new() { [name] = value is int length ? new string('v', length) : value };
        ErrorRecord error = Assert.Single((await RunAsync("New-LabBucket", new { Bucket = New, Session = await ConnectAsync(proxy.Url), Tag = tags })).Errors);
        Assert.Equal("InvalidTag", Id(error));
        Assert.Contains(says, error.ToString(), StringComparison.Ordinal);
        Assert.Empty(proxy.Seen);
    }

    [Fact]
    public async Task An_empty_bucket_and_one_without_versions_are_counted()
    {
        Assert.Equal((0, 0, 0, BucketVersioningStatus.Off), Told(await MeasureAsync(Bucket)));
        await PutAsync("a", new byte[10]);
        await PutAsync("b/c", new byte[32]);
        Assert.Equal((2, 42, 0, BucketVersioningStatus.Off), Told(await MeasureAsync(Bucket)));
        Assert.Contains(Bucket, (await RunAsync("Get-LabBucket", new { Bucket = Bucket + "*", Session, IncludeSize = true })).Ok().OutputOf<LabBucketUsage>().Select(b => b.Bucket));

        static (long, long, long, BucketVersioningStatus?) Told(LabBucketUsage usage) => (usage.ObjectCount, usage.Size, usage.NoncurrentCount, usage.Versioning);
    }

    [Fact]
    public async Task Old_versions_are_counted_by_themselves()
    {
        await PutAsync("a", new byte[1]);
        await new BucketVersioning(Client).SetAsync(Bucket, BucketVersioningStatus.Enabled, Token);
        await PutAsync("a", new byte[10]);
        await PutAsync("a", new byte[100]);
        await PutAsync("gone", new byte[1000]);
        await Objects.RemoveAsync(Bucket, ["gone"], Token);
        LabBucketUsage usage = await MeasureAsync(Bucket);
        Assert.Equal(
            (1, 100, 3, 1011, 1, BucketVersioningStatus.Enabled),
            (usage.ObjectCount, usage.Size, usage.NoncurrentCount, usage.NoncurrentSize, usage.DeleteMarkerCount, usage.Versioning));
        Assert.Empty(await Buckets.RemoveAsync(Bucket, empty: true, Token));
        Assert.Null(await Buckets.FindAsync(Bucket, Token));
        await Buckets.CreateAsync(Bucket, null, Token);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_big_bucket_is_counted_in_ranges_and_each_object_once(bool versions)
    {
        if (versions)
        {
            await new BucketVersioning(Client).SetAsync(Bucket, BucketVersioningStatus.Enabled, Token);
        }

        // Keys whose order differs in UTF-16 are among the folders, and keys that are a folder's own name.
        string[] folders = [.. Enumerable.Range(0, 24).Select(i => $"all/f{i:00}/"), "all/\uff5e/", "all/😀/"];
        string[] keys = [.. folders, .. folders.SelectMany(folder => Enumerable.Range(0, 99).Select(i => folder + i))];
        await Parallel.ForEachAsync(keys, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Token }, async (key, token) => await PutAsync(key, "xyz"));
        await using FaultProxy proxy = new(ServerUrl);
        CmdletResult result = (await RunAsync("Get-LabBucket", new { Bucket, Session = await ConnectAsync(proxy.Url), IncludeSize = true })).Ok();
        LabBucketUsage usage = Assert.Single(result.OutputOf<LabBucketUsage>());
        Assert.Equal((2600, 7800), (usage.ObjectCount, usage.Size));
        Assert.True(proxy.Seen.Count(request => request.Target.Contains("list-type=2", StringComparison.Ordinal) || request.Target.Contains("versions", StringComparison.Ordinal)) is > 6 and < 20);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Folders_and_storage_classes_are_counted_apart(bool big)
    {
        (string Key, int Size, string Class)[] objects =
        [
            ("data/2025/a", 1, "STANDARD"), ("data/2025/b", 10, "STANDARD_IA"), ("data/2026/c/d", 100, "STANDARD"), ("data/e", 1000, "STANDARD"), ("f", 10000, "STANDARD"),
            .. big ? Enumerable.Range(0, 2500).Select(i => ($"data/{2030 + (i % 20)}/{i}", 2, "STANDARD")) : [],
        ];
        await Parallel.ForEachAsync(
            objects, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Token },
            async (item, token) => await Client.CallSdkAsync(Bucket, item.Key, s3 => s3.PutObjectAsync(
                new PutObjectRequest { BucketName = Bucket, Key = item.Key, ContentBody = new string('x', item.Size), StorageClass = item.Class }, token), token));

        // By hand, from what was put.
        Assert.Equal(
            objects.Where(o => o.Key.StartsWith("data/", StringComparison.Ordinal))
                .GroupBy(o => (Folder: o.Key.Split('/') is { Length: > 2 } parts ? $"data/{parts[1]}/" : null, o.Class))
                .Select(g => (g.Key.Folder, g.Key.Class, g.LongCount(), g.Sum(o => (long)o.Size)))
                .OrderBy(g => g.Folder ?? "", StringComparer.Ordinal).ThenBy(g => g.Class, StringComparer.Ordinal),
            (await GroupsAsync(new { Bucket, Session, Prefix = "data/", GroupBy = "Prefix, StorageClass" })).Select(g => (g.Prefix, g.StorageClass!, g.ObjectCount, g.Size)));
        Assert.Equal([(null, "STANDARD_IA", 1L, 10L)], (await GroupsAsync(new { Bucket, Session, GroupBy = "StorageClass" })).Where(g => g.StorageClass != "STANDARD").Select(g => (g.Prefix is "" ? null : g.Prefix, g.StorageClass, g.ObjectCount, g.Size)));
        Assert.Equal((1, 10000), (await GroupsAsync(new { Bucket, Session, GroupBy = "Prefix" })).Where(g => g.Prefix is null).Select(g => (g.ObjectCount, g.Size)).Single());
        Assert.Equal([("none/", 0L)], (await GroupsAsync(new { Bucket, Session, Prefix = "none/" })).Select(g => (g.Prefix!, g.ObjectCount)));
        Assert.Empty(await GroupsAsync(new { Bucket, Session, Prefix = "none/", GroupBy = "Prefix" }));
        LabBucketUsage all = Assert.Single((await RunAsync("Measure-LabBucket", new { Bucket, Session })).Ok().OutputOf<LabBucketUsage>());
        Assert.Equal((objects.LongLength, objects.Sum(o => (long)o.Size)), (all.ObjectCount, all.Size));
    }

    [Fact]
    public async Task A_bucket_that_cannot_be_measured_is_an_error_and_the_others_are_measured()
    {
        CmdletResult result = await RunAsync("Measure-LabBucket", new { Bucket = new[] { "no-such-bucket-here", Bucket }, Session });
        Assert.Equal("NoSuchBucket", Id(Assert.Single(result.Errors)));
        Assert.Equal([Bucket], result.OutputOf<LabBucketUsage>().Select(usage => usage.Bucket));
    }

    [Fact]
    public async Task Everything_in_a_bucket_goes_with_it()
    {
        await Buckets.CreateAsync(new NewBucket { Name = New, Versioning = true }, Token);
        string[] keys = ["a", "a//b", "c\n", "d+ %2F", "😀"];
        foreach (string key in keys.Append("a"))
        {
            await Client.CallSdkAsync(New, key, s3 => s3.PutObjectAsync(new PutObjectRequest { BucketName = New, Key = key, ContentBody = "x" }, Token), Token);
        }

        await Objects.RemoveAsync(New, ["a", "never-there"], Token);
        for (int i = 0; i < 30; i++)
        {
            await Client.CallSdkAsync(New, "u/" + i, s3 => s3.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest { BucketName = New, Key = "u/" + i }, Token), Token);
        }

        (await RunAsync("Remove-LabBucket", new { Bucket = New, Session, Force = true })).Ok();
        Assert.Null(await Buckets.FindAsync(New, Token));
    }

    [Fact]
    public async Task What_is_written_meanwhile_goes_too()
    {
        await PutAsync("first");
        await using FaultProxy proxy = new(ServerUrl);
        int rounds = 0;
        proxy.Plan = request =>
        {
            // Between the end of the emptying and the removal of the bucket, twice.
            if (request.Method == "DELETE" && !request.Target.Contains("uploadId", StringComparison.Ordinal) && ++rounds <= 2)
            {
                PutAsync("late" + rounds).GetAwaiter().GetResult();
            }

            return Fault.None;
        };
        CmdletResult result = (await RunAsync("Remove-LabBucket", new { Bucket, Session = await ConnectAsync(proxy.Url), Force = true })).Ok();
        Assert.Equal(3, rounds);
        Assert.Contains(result.Verbose, line => line.Contains("Emptying it again", StringComparison.Ordinal));
        Assert.Null(await Buckets.FindAsync(Bucket, Token));
        await Buckets.CreateAsync(Bucket, null, Token);
    }

    [Fact]
    public async Task A_bucket_that_is_written_to_without_end_is_given_up()
    {
        await using FaultProxy proxy = new(ServerUrl);
        int rounds = 0;
        proxy.Plan = request =>
        {
            if (request.Method == "DELETE")
            {
                PutAsync("late" + ++rounds).GetAwaiter().GetResult();
            }

            return Fault.None;
        };
        Assert.Equal("BucketNotEmpty", Id(Assert.Single((await RunAsync("Remove-LabBucket", new { Bucket, Session = await ConnectAsync(proxy.Url), Force = true })).Errors)));
        Assert.Equal(4, rounds);
    }

    [Fact]
    public async Task A_locked_version_is_an_error_of_its_own_and_the_bucket_stays()
    {
        (await RunAsync("New-LabBucket", new { Bucket = New, Session, ObjectLock = true })).Ok();
        Assert.Equal(BucketVersioningStatus.Enabled, (await new BucketVersioning(Client).GetAsync(New, Token))[0].Status);
        DateTime until = DateTime.UtcNow.AddDays(1);
        foreach (string key in new[] { "free", "locked" })
        {
            await Client.CallSdkAsync(New, key, s3 => s3.PutObjectAsync(new PutObjectRequest
            {
                BucketName = New, Key = key, ContentBody = "x", MD5Digest = "ndTkYSaMgDT1yFZOFVxnpg==",
                ObjectLockMode = key == "locked" ? ObjectLockMode.Governance : null,
                ObjectLockRetainUntilDate = key == "locked" ? until : null,
            }, Token), Token);
        }

        CmdletResult result = await RunAsync("Remove-LabBucket", new { Bucket = New, Session, Force = true });
        ErrorRecord error = Assert.Single(result.Errors);
        Assert.Equal(("AccessDenied", ErrorCategory.PermissionDenied, $"s3://{New}/locked"), (Id(error), error.CategoryInfo.Category, error.TargetObject));
        Assert.Equal(1, (await MeasureAsync(New)).ObjectCount);

        // Whoever may lifts the lock: for the end of the test.
        List<S3ObjectVersion> versions = (await Client.CallSdkAsync(New, s3 => s3.ListVersionsAsync(new ListVersionsRequest { BucketName = New }, Token), Token)).Versions;
        foreach (S3ObjectVersion version in versions)
        {
            await Client.CallSdkAsync(New, version.Key, s3 => s3.DeleteObjectAsync(
                new DeleteObjectRequest { BucketName = New, Key = version.Key, VersionId = version.VersionId, BypassGovernanceRetention = true }, Token), Token);
        }
    }

    [Theory]
    [InlineData("LoseAnswer", "DELETE")]
    [InlineData("LoseAnswer", "POST")]
    [InlineData("Status", "GET")]
    [InlineData("Status", "POST")]
    [InlineData("TruncateAnswer", "GET")]
    public async Task A_fault_that_passes_does_not_keep_a_bucket(string kind, string method)
    {
        await PutAsync("a");
        await Client.CallSdkAsync(Bucket, "u", s3 => s3.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest { BucketName = Bucket, Key = "u" }, Token), Token);
        await using FaultProxy proxy = new(ServerUrl);
        proxy.Times(2, request => request.Method == method, new Fault(Enum.Parse<FaultKind>(kind), kind == "Status" ? 503 : 100));
        (await RunAsync("Remove-LabBucket", new { Bucket, Session = await ConnectAsync(proxy.Url), Force = true })).Ok();
        Assert.Null(await Buckets.FindAsync(Bucket, Token));
        await Buckets.CreateAsync(Bucket, null, Token);
    }

    private static string Id(ErrorRecord error) => error.FullyQualifiedErrorId.Split(',')[0];

    private static Task<CmdletResult> RunAsync(string name, object parameters) => CmdletRunner.RunAsync(name, parameters);

    private async Task<LabBucketUsage> MeasureAsync(string bucket) =>
        Assert.Single((await RunAsync("Get-LabBucket", new { Bucket = bucket, Session, IncludeSize = true })).Ok().OutputOf<LabBucketUsage>());

    private static async Task<LabPrefixUsage[]> GroupsAsync(object parameters) => [.. (await RunAsync("Measure-LabBucket", parameters)).Ok().OutputOf<LabPrefixUsage>()];
}
