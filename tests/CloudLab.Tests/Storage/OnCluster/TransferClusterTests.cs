using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.OnCluster;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;
using CloudLab.Tests.Kubernetes;
using Xunit;

namespace CloudLab.Tests.Storage.OnCluster;

/// <summary>Transfer jobs as they run in the field: workers of the real image, on a real cluster, with radosgw.</summary>
[Trait("Area", "Storage")]
[Trait("Server", "kubernetes")]
public sealed class TransferClusterTests() : KubeTest(KubeServer.Real)
{
    private const string Restricted = """{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"NS","labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}""";

    private readonly string source = "src-" + Guid.NewGuid().ToString("N")[..10], target = "dst-" + Guid.NewGuid().ToString("N")[..10];
    private readonly List<(StorageClient Client, string Bucket)> buckets = [];

    public override async ValueTask DisposeAsync()
    {
        foreach ((StorageClient client, string bucket) in buckets)
        {
            Assert.Empty(await new BucketStore(client).RemoveAsync(bucket, empty: true, CancellationToken.None));
        }

        await base.DisposeAsync();
    }

    [Fact]
    public async Task Every_object_is_there_once_although_workers_are_killed()
    {
        LabSession ceph = await CephAsync(400);
        (await RunAsync("Set-LabBucketVersioning", new { Bucket = target, Status = "Enabled", Session = ceph })).Ok();
        LabTransferJob job = Assert.Single((await CopyAsync(ceph, new() { ["NoWait"] = true, ["CheckpointInterval"] = 20, ["ThrottleLimit"] = 2, ["BackoffLimit"] = 20 })).Ok().OutputOf<LabTransferJob>());
        using CancellationTokenSource done = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task<int> kills = KillAsync(job.Name, 5, done.Token);
        LabTransferJob result = Assert.Single((await RunAsync("Wait-LabTransferJob", new { job.Name, Session = ceph })).Ok().OutputOf<LabTransferJob>());
        await done.CancelAsync();
        Assert.True(await kills > 0);
        Assert.Equal((TransferJobState.Complete, 400L, 0L), (result.State, result.Objects + result.Skipped, result.FailedCount));
        await AssertSameAsync(ceph, ceph, 400);
    }

    [Fact]
    public async Task A_service_with_an_authority_of_its_own_and_another_service_are_reached()
    {
        LabSession ceph = await CephAsync(30);
        (Uri url, string bundle) = TestServers.CephTls();
        LabSession moto = LabSession.Resolve(new SessionOptions { EndpointUrl = TestServers.Moto(), Keys = new AwsKeys("AKIDMOTO", "any") }, "test", null, new LabEnvironment(_ => null, Folder));
        await MakeAsync(moto, target);

        // By its number: radosgw takes a host name that it does not know for a bucket's.
        LabSession tls = LabSession.Resolve(new SessionOptions { EndpointUrl = new UriBuilder(url) { Host = "127.0.0.1" }.Uri, CaBundle = bundle }, "test", ceph);
        LabTransferJob result = Assert.Single((await CopyAsync(tls, new() { ["DestinationSession"] = moto, ["DestinationCredentialSecret"] = "s3" })).Ok().OutputOf<LabTransferJob>());
        Assert.Equal((TransferJobState.Complete, 30L), (result.State, result.Objects));
        await AssertSameAsync(ceph, moto, 30);
    }

    [Fact]
    public async Task A_deletion_leaves_nothing_to_see_and_every_version_where_versions_are_kept()
    {
        LabSession ceph = await CephAsync(100);
        (await RunAsync("Set-LabBucketVersioning", new { Bucket = source, Status = "Enabled", Session = ceph })).Ok();
        LabTransferJob result = Assert.Single((await RunAsync("Remove-LabObject", new
        {
            Session = ceph, Bucket = source, Prefix = "", OnCluster = true, CredentialSecret = "s3", Image = TestServers.Image(), HostNetwork = true, Force = true,
        })).Ok().OutputOf<LabTransferJob>());
        Assert.Equal((TransferJobState.Complete, 100L, 0L), (result.State, result.Objects, result.FailedCount));
        Assert.Empty(await new ObjectStore(new StorageClient(ceph)).ListAsync(new ObjectListing { Bucket = source }, Token).ToListAsync(Token));
        Assert.Equal(200, await new ObjectStore(new StorageClient(ceph)).ListAsync(new ObjectListing { Bucket = source, Versions = true }, Token).CountAsync(Token));
    }

    [Theory]
    [InlineData("exceeded quota", """{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"none"},"spec":{"hard":{"pods":"0"}}}""")]
    [InlineData("violates PodSecurity", Restricted)]
    public async Task Who_may_have_no_pods_is_told_why(string why, string manifest)
    {
        LabSession ceph = await CephAsync(3);
        (await RunAsync("Deploy-LabManifest", new { Manifest = manifest.Replace("NS", Namespace, StringComparison.Ordinal) })).Ok();
        System.Management.Automation.ErrorRecord error = (await CopyAsync(ceph, [])).Error();
        Assert.StartsWith("WorkersNotStarted", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(why, error.Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_worker_may_not_do_is_told_and_not_tried_again()
    {
        LabSession ceph = await CephAsync(3);
        (await RunAsync("Deploy-LabManifest", new { Manifest = "{apiVersion: v1, kind: Secret, metadata: {name: wrong}, stringData: {AWS_ACCESS_KEY_ID: NOBODY, AWS_SECRET_ACCESS_KEY: x}}\n" })).Ok();
        CmdletResult failed = await CopyAsync(ceph, new() { ["CredentialSecret"] = "wrong", ["JobName"] = "denied" });
        Assert.Equal(TransferJobState.Failed, Assert.Single(failed.OutputOf<LabTransferJob>()).State);
        System.Management.Automation.ErrorRecord error = Assert.Single(failed.Errors);
        Assert.StartsWith("TransferFailed", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("access is denied", error.Exception.Message, StringComparison.Ordinal);
        Assert.Equal(3, Assert.Single(await PodsAsync("denied")).Object("status")!.Objects("containerStatuses").Single().Object("state")!.Object("terminated")!.Number("exitCode"));
        (await RunAsync("Stop-LabTransferJob", new { Name = "denied", Session = ceph, Remove = true })).Ok();
    }

    [Fact]
    public async Task Workers_pass_the_restricted_standard()
    {
        LabSession ceph = await CephAsync(3);
        (await RunAsync("Deploy-LabManifest", new { Manifest = Restricted.Replace("NS", Namespace, StringComparison.Ordinal) })).Ok();
        LabTransferJob job = Assert.Single((await CopyAsync(ceph, new() { ["NoWait"] = true, ["HostNetwork"] = false })).Ok().OutputOf<LabTransferJob>());
        while (!(await PodsAsync(job.Name)).Any())
        {
            Assert.Null(Assert.Single((await RunAsync("Get-LabTransferJob", new { job.Name, Session = ceph })).Ok().OutputOf<LabTransferJob>()).Problem);
            await Task.Delay(200, Token);
        }

        (await RunAsync("Stop-LabTransferJob", new { job.Name, Session = ceph, Remove = true })).Ok();
    }

    private async Task<LabSession> CephAsync(int objects)
    {
        _ = TestServers.Image();
        (Uri url, AwsKeys keys) = TestServers.Ceph();
        LabSession session = LabSession.Resolve(new SessionOptions { EndpointUrl = url, Keys = keys }, "test", Session);
        (await RunAsync("Deploy-LabManifest", new { Manifest = $"{{apiVersion: v1, kind: Secret, metadata: {{name: s3}}, stringData: {{AWS_ACCESS_KEY_ID: '{keys.AccessKey}', AWS_SECRET_ACCESS_KEY: '{keys.RevealSecret()}'}}}}\n" })).Ok();
        await MakeAsync(session, source);
        await MakeAsync(session, target);
        TransferEngine engine = new(new StorageClient(session));
        await Parallel.ForEachAsync(Enumerable.Range(0, objects), Token, async (i, token) =>
        {
            using MemoryStream content = new(Encoding.UTF8.GetBytes($"{i} content"));
            await engine.SendAsync(content, source, $"{i:D5}", new UploadOptions(), null, token);
        });
        return session;
    }

    private async Task MakeAsync(LabSession session, string bucket)
    {
        StorageClient client = new(session);
        await new BucketStore(client).CreateAsync(bucket, null, Token);
        buckets.Add((client, bucket));
    }

    private Task<CmdletResult> CopyAsync(LabSession session, Dictionary<string, object?> more)
    {
        Dictionary<string, object?> parameters = new()
        {
            ["Session"] = session, ["Bucket"] = source, ["Prefix"] = "", ["DestinationBucket"] = target, ["OnCluster"] = true, ["CredentialSecret"] = "s3",
            ["Image"] = TestServers.Image(), ["HostNetwork"] = true, ["Parallelism"] = 2, ["RangeCount"] = 2,
        };
        foreach ((string name, object? value) in more)
        {
            parameters[name] = value;
        }

        return RunAsync("Copy-LabObject", parameters);
    }

    private async Task<IEnumerable<JsonObject>> PodsAsync(string job) =>
        (await Api.GetAsync($"/api/v1/namespaces/{Namespace}/pods?labelSelector=batch.kubernetes.io/job-name={job}", Token)).Objects("items");

    // Takes pods away as soon as they run, as a node that is lost does.
    private async Task<int> KillAsync(string job, int most, CancellationToken end)
    {
        HashSet<string> killed = [];
        while (killed.Count < most && !end.IsCancellationRequested)
        {
            if ((await PodsAsync(job)).FirstOrDefault(pod => pod.Object("status")!.Text("phase") == "Running" && !killed.Contains(pod.Name())) is { } pod)
            {
                await Api.SendAsync(HttpMethod.Delete, $"/api/v1/namespaces/{Namespace}/pods/{pod.Name()}", """{"gracePeriodSeconds":0}"""u8.ToArray(), null, Token);
                killed.Add(pod.Name());
            }

            await Task.Delay(500, Token);
        }

        return killed.Count;
    }

    private async Task AssertSameAsync(LabSession from, LabSession to, int count)
    {
        Dictionary<string, (long, string?)> expected = await new ObjectStore(new StorageClient(from)).ListAsync(new ObjectListing { Bucket = source }, Token).Cast<LabObject>()
            .ToDictionaryAsync(found => found.Key, found => (found.Size, found.ETag), cancellationToken: Token);
        List<LabObjectVersion> there = await new ObjectStore(new StorageClient(to)).ListAsync(new ObjectListing { Bucket = target, Versions = true }, Token).Cast<LabObjectVersion>().ToListAsync(Token);
        Assert.Equal((count, count), (expected.Count, there.Count));
        Assert.All(there, found => Assert.Equal(expected[found.Key], (found.Size, found.ETag)));
    }
}
