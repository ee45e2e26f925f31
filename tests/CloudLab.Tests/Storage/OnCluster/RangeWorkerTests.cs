using System.Text;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.OnCluster;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;
using CloudLab.Tests.Faults;
using Xunit;

namespace CloudLab.Tests.Storage.OnCluster;

/// <summary>What workers meet in the buckets of others: odd keys, objects that change, services that fail, checkpoints that are none.</summary>
/// <param name="server">Where to run.</param>
[Trait("Area", "Storage")]
public abstract class RangeWorkerTests(StorageServer server) : StorageTest(server)
{
    private static readonly string[] OddKeys =
    [
        "a b", "a%20b", "a+b", "a%2Bb", "/lead", "//two", "trail/", "trail//", "a/../b", "a/./b", "..", ".", "é", "e\u0301", "😀", "\ue000", "\uffee", "\U0001f600/x",
        "line\nbreak", "tab\there", "cr\rhere", "\u0001\u001f\u007f", "<&>\"'", "q?x=1&y=2", "#frag", "back\\slash", "semi;colon=1", "{json}", "[1]", "*", "?", "~tilde", "ü/ü",
        new string('k', 900), new string('é', 450), "z\u2028z", "cloudlab-transfer/x", "a:b", "a,b", "$(x)", "`x`", "-dash", "--", "@at", "|", "\u00a0", " ", "  lead", "end ",
    ];

    protected string Target { get; } = "dst-" + Guid.NewGuid().ToString("N")[..12];

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Buckets.CreateAsync(Target, null, Token);
    }

    public override async ValueTask DisposeAsync()
    {
        if (Client is not null)
        {
            await Buckets.RemoveAsync(Target, empty: true, CancellationToken.None);
        }

        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("", "to +%/é😀/")]
    public async Task Keys_of_all_kinds_are_copied_and_removed_as_they_are(string prefix, string to)
    {
        foreach (string key in OddKeys)
        {
            await PutAsync(key, Encoding.UTF8.GetBytes(key));
        }

        // Cut between any two of them: each is in one range.
        string[] sorted = [.. OddKeys.Order(KeyOrder.Instance)];
        KeyRange[] ranges = [.. Enumerable.Range(0, sorted.Length + 1).Select(i => new KeyRange(i == 0 ? null : sorted[i - 1], i == sorted.Length ? null : sorted[i], 1))];
        TransferPlan plan = TransferPlan.Read((Plan(prefix, to) with { Ranges = ranges }).Write());
        long copied = 0;
        for (int i = 0; i < ranges.Length; i++)
        {
            LabTransferRange range = await WorkAsync(plan, i);
            Assert.Equal((0L, 0L), (range.Failed, range.Skipped));
            copied += range.Objects;
        }

        Assert.Equal(OddKeys.Length, copied);
        Dictionary<string, string?> source = await ListAsync(Bucket);
        Assert.Equal(source.ToDictionary(pair => to + pair.Key, pair => pair.Value), await ListAsync(Target));

        // Once more as one range: everything is known to be there.
        LabTransferRange again = await WorkAsync(plan with { Id = "again", Ranges = [new KeyRange(null, null, 1)], CheckpointInterval = 7 });
        Assert.Equal((0L, (long)OddKeys.Length, 0L), (again.Objects, again.Skipped, again.Failed));
        TransferPlan removal = plan with { Id = "gone", Action = TransferAction.Remove, Destination = null, Ranges = [new KeyRange(null, null, 1)] };
        LabTransferRange removed = await WorkAsync(removal);
        Assert.Equal(((long)OddKeys.Length, 0L), (removed.Objects, removed.Failed));
        Assert.Empty(await ListAsync(Bucket));
    }

    [Fact]
    public async Task The_sampler_survives_keys_of_all_kinds()
    {
        Random random = new(1);
        // Ceph's listings do not go on behind control characters and blanks.
        string[] pieces = [.. OddKeys.Where(key => key.Length < 10 && !key.Any(char.IsControl) && key.Trim().Length == key.Length)];
        HashSet<string> keys = [.. Enumerable.Range(0, 400).Select(_ => string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(_ => pieces[random.Next(pieces.Length)])))];
        await Parallel.ForEachAsync(keys, Token, async (key, _) => await PutAsync(key, "1"));
        foreach (int pageSize in new[] { 1, 2, 5, 50 })
        {
            IReadOnlyList<KeySegment> segments = await new KeySampler(Objects.PageAsync, Bucket, "", pageSize).SampleAsync(32, null, Token);
            IReadOnlyList<KeyRange> ranges = KeyCuts.Cut(segments, 8);
            Assert.Equal(keys.Count, ranges.Sum(range => keys.Count(key =>
                (range.After is null || KeyOrder.Compare(key, range.After) > 0) && (range.UpTo is null || KeyOrder.Compare(key, range.UpTo) <= 0))));
            Assert.All(segments, segment => Assert.True(double.IsFinite(segment.Count)));
        }
    }

    [Fact]
    public async Task An_object_that_changes_at_the_source_after_it_was_listed_is_copied_as_it_is_then()
    {
        await PutAsync("a", "one");
        LabObject listed = await ListedAsync("a");
        await PutAsync("a", "another");
        TransferPlan plan = Plan("", "");
        foreach (bool two in new[] { false, true })
        {
            ListedCopier copier = new(plan with { TwoServices = two }, Client, Client);
            Assert.True(await copier.CopyAsync(listed, $"a{two}", null, Token));
            Assert.Equal("another", Encoding.UTF8.GetString(await Content.ReadBytesAsync(Target, $"a{two}", new ReadOptions(), Token)));
        }
    }

    [Fact]
    public async Task A_copy_that_changes_after_it_was_listed_is_looked_at_again()
    {
        await PutAsync("a", "one");
        LabObject listed = await ListedAsync("a");
        TransferPlan plan = Plan("", "");
        ListedCopier copier = new(plan, Client, Client);
        await SendAsync(Target, "a", "old");
        LabObject old = await Objects.GetAsync(Target, "a", new ReadOptions(), Token);
        await SendAsync(Target, "a", "newer and longer");
        Assert.True(await copier.CopyAsync(listed, "a", old, Token));
        Assert.Equal("one", Encoding.UTF8.GetString(await Content.ReadBytesAsync(Target, "a", new ReadOptions(), Token)));
    }

    [Fact]
    public async Task Objects_that_are_kept_do_not_end_the_range()
    {
        for (int i = 0; i < 15; i++)
        {
            await PutAsync($"{i:D2}", "source");
            await SendAsync(Target, $"{i:D2}", "mine");
        }

        await PutAsync("last", "source");
        LabTransferRange range = await WorkAsync(Plan("", "") with { NoClobber = true, CheckpointInterval = 12 });
        Assert.Equal((1L, 15L), (range.Objects, range.Failed));
        Assert.Equal("mine", Encoding.UTF8.GetString(await Content.ReadBytesAsync(Target, "03", new ReadOptions(), Token)));
    }

    [Theory]
    [InlineData("not JSON")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"after\":5}")]
    [InlineData("")]
    public async Task A_checkpoint_that_is_none_is_told(string text)
    {
        await PutAsync("a", "1");
        TransferPlan plan = Plan("", "");
        await SendAsync(Target, $".cloudlab-transfer/{plan.Id}/00000.json", text);
        await SendAsync(Target, $".cloudlab-transfer/{plan.Id}/x", "y");
        CheckpointStore store = new(Client, Target, plan.Id);
        LabException read = await Assert.ThrowsAsync<LabException>(() => store.ReadAllAsync(Token));
        Assert.Equal("InvalidCheckpoint", read.Code);
        LabException worked = await Assert.ThrowsAsync<LabException>(() => WorkAsync(plan));
        Assert.Equal(("InvalidCheckpoint", LabErrorKind.InvalidData), (worked.Code, worked.Kind));
        Assert.Contains($"s3://{Target}/.cloudlab-transfer/{plan.Id}/00000.json", worked.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_checkpoint_from_outside_of_the_range_is_told()
    {
        await PutAsync("a", "1");
        await PutAsync("z", "1");
        TransferPlan plan = Plan("", "") with { Ranges = [new KeyRange(null, "m", 1), new KeyRange("m", null, 1)] };
        await new CheckpointStore(Client, Target, plan.Id).WriteAsync(0, new TransferCheckpoint { After = "zz" }, [], Token);
        Assert.Equal("InvalidCheckpoint", (await Assert.ThrowsAsync<LabException>(() => WorkAsync(plan))).Code);
        Assert.Equal(1, (await WorkAsync(plan, 1)).Objects);
    }

    [Theory]
    [InlineData(503)]
    [InlineData(500)]
    [InlineData(-1)]
    [InlineData(-2)]
    [InlineData(-3)]
    public async Task Failures_that_pass_lose_nothing(int status)
    {
        for (int i = 0; i < 60; i++)
        {
            await PutAsync($"{i:D2}", $"{i}");
        }

        await using FaultProxy proxy = new(ServerUrl);
        StorageClient through = new(await ConnectAsync(proxy.Url));
        int count = 0;
        proxy.Plan = request => Interlocked.Increment(ref count) % 5 != 0 ? Fault.None : status switch
        {
            -1 => new Fault(FaultKind.ResetAtOnce),
            -2 => new Fault(FaultKind.LoseAnswer),
            -3 => new Fault(FaultKind.TruncateAnswer, 40),
            _ => new Fault(FaultKind.Status, status),
        };
        LabTransferRange range = await WorkAsync(Plan("", "") with { CheckpointInterval = 20 }, through: through);
        Assert.Equal((60L, 0L), (range.Objects + range.Skipped, range.Failed));
        Assert.Equal(await ListAsync(Bucket), await ListAsync(Target));
    }

    [Fact]
    public async Task Credentials_that_expire_meanwhile_end_the_worker_and_blame_no_object()
    {
        for (int i = 0; i < 30; i++)
        {
            await PutAsync($"{i:D2}", $"{i}");
        }

        await using FaultProxy proxy = new(ServerUrl);
        StorageClient through = new(await ConnectAsync(proxy.Url));
        int puts = 0;
        proxy.Plan = request => request.Method == "PUT" && Interlocked.Increment(ref puts) > 12 ? new Fault(FaultKind.Status, 400) : Fault.None;
        TransferPlan plan = Plan("", "") with { ThrottleLimit = 2 };
        Assert.Equal("ExpiredToken", (await Assert.ThrowsAsync<LabException>(() => WorkAsync(plan, through: through))).Code);
        LabTransferRange range = await WorkAsync(plan);
        Assert.Equal((30L, 0L, 2), (range.Objects + range.Skipped, range.Failed, range.Attempts));
        Assert.True(range.Skipped > 5);
    }

    [Fact]
    public async Task A_dense_destination_is_not_listed_for_a_few_objects()
    {
        await PutAsync("a", "1");
        await PutAsync("z", "2");
        await Parallel.ForEachAsync(Enumerable.Range(0, 3000), Token, async (i, _) => await SendAsync(Target, $"m{i:D5}", "x"));
        await SendAsync(Target, "z", "2");
        await using FaultProxy proxy = new(ServerUrl);
        StorageClient through = new(await ConnectAsync(proxy.Url));
        LabTransferRange range = await WorkAsync(Plan("", ""), through: through);
        Assert.Equal((1L, 1L), (range.Objects, range.Skipped));
        Assert.InRange(proxy.Seen.Count(seen => seen.Target.StartsWith($"/{Target}", StringComparison.Ordinal) && seen.Target.Contains("list-type", StringComparison.Ordinal)), 1, 3);
    }

    [Theory]
    [InlineData("k/1000", "k0")]
    [InlineData("19", "2")]
    public async Task A_key_that_is_just_what_separates_does_not_confuse_the_sampler(string last, string behind)
    {
        foreach (string key in new[] { last[..^1], last, behind })
        {
            await PutAsync(key, "1");
        }

        IReadOnlyList<KeySegment> segments = await new KeySampler(Objects.PageAsync, Bucket, "", 2).SampleAsync(8, null, Token);
        Assert.Equal(3, segments.Sum(segment => segment.Count));
    }

    [Fact]
    public async Task A_bucket_that_changes_while_it_is_sampled_is_sampled_all_the_same()
    {
        string[] keys = [.. Enumerable.Range(0, 200).Select(i => $"{"aé😀"[i % 2]}{i % 7}/{i}")];
        await Parallel.ForEachAsync(keys, Token, async (key, _) => await PutAsync(key, "1"));
        await using FaultProxy proxy = new(ServerUrl);
        Random random = new(7);
        proxy.Plan = request => request.Target.Contains("list-type", StringComparison.Ordinal) ? Change(keys[random.Next(keys.Length)], random.Next(100)) : Fault.None;
        StorageClient through = new(await ConnectAsync(proxy.Url));
        for (int i = 0; i < 5; i++)
        {
            IReadOnlyList<KeyRange> ranges = KeyCuts.Cut(await new KeySampler(new ObjectStore(through).PageAsync, Bucket, "", 5).SampleAsync(16, null, Token), 8);
            Assert.All(ranges.Zip(ranges.Skip(1)), pair => Assert.Equal(pair.First.UpTo, pair.Second.After));
        }
    }

    [Fact]
    public async Task What_an_object_is_stored_with_goes_along()
    {
        UploadOptions options = new()
        {
            ContentType = "text/x-lab", CacheControl = "max-age=5", ContentDisposition = "attachment", ContentEncoding = "identity", ContentLanguage = "de",
            Metadata = new Dictionary<string, string> { ["author"] = "me" }, Tags = new Dictionary<string, string> { ["t"] = "1 +ü" },
        };
        await PutAsync("a", Encoding.UTF8.GetBytes("x"), options);
        foreach (bool two in new[] { false, true })
        {
            LabTransferRange range = await WorkAsync(Plan("", $"{two}/") with { Id = $"{two}", TwoServices = two });
            Assert.Equal(1, range.Objects);
            LabObjectMetadata copy = await Objects.GetAsync(Target, $"{two}/a", new ReadOptions(), Token);
            Assert.Equal(
                ("text/x-lab", "max-age=5", "attachment", "identity", "de", "me"),
                (copy.ContentType, copy.CacheControl, copy.ContentDisposition, copy.ContentEncoding, copy.ContentLanguage, copy.Metadata["author"]));
            Assert.Equal("1 +ü", (await new ObjectTags(Client).GetAsync(Target, $"{two}/a", null, Token)).Tag["t"]);
        }
    }

    [Theory]
    [InlineData("a/", "", "a/a/x", true)]
    [InlineData("a/", "", "a/b", false)]
    [InlineData("data/a", "data/", "data/a1", true)]
    [InlineData("data/a", "data/b", "data/a1", false)]
    [InlineData("", "copy/", "x", true)]
    [InlineData("a/", "a/b/", "a/x", true)]
    [InlineData("x/y/", "x/", "x/y/y/z", true)]
    [InlineData("x/y/", "x/", "x/y/z", false)]
    public async Task Copies_that_would_be_among_the_objects_to_copy_are_refused(string prefix, string destination, string key, bool refused)
    {
        await PutAsync(key, "1");
        Task asked = new TransferPlanner(Client).RequireApartAsync(Bucket, prefix, destination, Token);
        if (refused)
        {
            Assert.Equal("CopyOntoItself", (await Assert.ThrowsAsync<LabException>(() => asked)).Code);
        }
        else
        {
            await asked;
        }
    }

    private Fault Change(string key, int number)
    {
        (number < 50 ? Objects.RemoveAsync(Bucket, [key], Token) : PutAsync(key + number, "1")).GetAwaiter().GetResult();
        return Fault.None;
    }

    protected TransferPlan Plan(string prefix, string to) => new()
    {
        Id = "job-" + Guid.NewGuid().ToString("N")[..6], Action = TransferAction.Copy, Source = new TransferPlace(Bucket, prefix, null, "us-east-1"),
        Destination = new TransferPlace(Target, to, null, "us-east-1"), Ranges = [new KeyRange(null, null, 1)],
    };

    protected Task<LabTransferRange> WorkAsync(TransferPlan plan, int index = 0, StorageClient? through = null) =>
        new RangeWorker(plan, index, through ?? Client, through ?? Client, null, null, NullReporter.Instance).RunAsync(Token);

    protected async Task SendAsync(string bucket, string key, string content)
    {
        using MemoryStream stream = new(Encoding.UTF8.GetBytes(content));
        await new TransferEngine(Client).SendAsync(stream, bucket, key, new UploadOptions(), null, Token);
    }

    protected async Task<LabObject> ListedAsync(string key) =>
        (LabObject)await Objects.ListAsync(new ObjectListing { Bucket = Bucket, Prefix = key }, Token).FirstAsync(Token);

    protected async Task<Dictionary<string, string?>> ListAsync(string bucket) =>
        await Objects.ListAsync(new ObjectListing { Bucket = bucket }, Token).Cast<LabObject>().Where(found => !found.Key.StartsWith(".cloudlab-transfer/", StringComparison.Ordinal))
            .ToDictionaryAsync(found => found.Key, found => found.ETag, cancellationToken: Token);
}

/// <summary>On the emulator.</summary>
public sealed class EmulatorRangeWorkerTests() : RangeWorkerTests(StorageServer.Emulator)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Copies_encrypted_with_keys_of_KMS_are_known_again(bool noClobber)
    {
        await Client.CallSdkAsync(
            "Bucket", Target, "NoSuchBucket",
            sdk => sdk.PutBucketEncryptionAsync(
                new()
                {
                    BucketName = Target,
                    ServerSideEncryptionConfiguration = new() { ServerSideEncryptionRules = [new() { ServerSideEncryptionByDefault = new() { ServerSideEncryptionAlgorithm = "aws:kms" } }] },
                },
                Token),
            Token);
        for (int i = 0; i < 12; i++)
        {
            await PutAsync($"{i:D2}", $"content {i}");
        }

        TransferPlan plan = Plan("", "") with { NoClobber = noClobber };
        Assert.Equal(12, (await WorkAsync(plan)).Objects);
        LabTransferRange again = await WorkAsync(plan with { Id = "again" });
        Assert.Equal((0L, 12L, 0L), (again.Objects, again.Skipped, again.Failed));
    }

    [Fact]
    public async Task Checkpoints_that_a_retention_holds_end_nothing()
    {
        string locked = "lock-" + Guid.NewGuid().ToString("N")[..10];
        (await CmdletRunner.RunAsync("New-LabBucket", new { Bucket = locked, ObjectLock = true }, session: Session)).Ok();
        await Client.CallSdkAsync(
            "Bucket", locked, "NoSuchBucket",
            sdk => sdk.PutObjectLockConfigurationAsync(
                new()
                {
                    BucketName = locked,
                    ObjectLockConfiguration = new() { ObjectLockEnabled = "Enabled", Rule = new() { DefaultRetention = new() { Mode = "GOVERNANCE", Days = 1 } } },
                },
                Token),
            Token);
        for (int i = 0; i < 12; i++)
        {
            await PutAsync($"{i:D2}", $"content {i}");
        }

        LabTransferRange range = await WorkAsync(Plan("", "") with { Destination = new TransferPlace(locked, "", null, "us-east-1"), CheckpointInterval = 3 });
        Assert.Equal((12L, 0L), (range.Objects, range.Failed));
    }
}

/// <summary>On Ceph.</summary>
[Trait("Server", "s3")]
public sealed class CephRangeWorkerTests() : RangeWorkerTests(StorageServer.Ceph);
