using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.OnCluster;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;
using CloudLab.Emulator;
using CloudLab.Tests.Faults;
using CloudLab.Tests.Kubernetes;
using Xunit;

namespace CloudLab.Tests.Storage.OnCluster;

/// <summary>Copies and deletions that a cluster does: the Job, its workers (here in this process), and what looks after them.</summary>
[Trait("Area", "Storage")]
public sealed class TransferJobTests : KubeTest
{
    private readonly string source = "src-" + Guid.NewGuid().ToString("N")[..10], target = "dst-" + Guid.NewGuid().ToString("N")[..10];

    public TransferJobTests()
        : base(KubeServer.Emulator)
    {
    }

    private StorageClient Client => new(Session);

    [Fact]
    public async Task A_copy_is_cut_run_by_workers_and_read_back_as_one_result()
    {
        await FillAsync(60, versioned: true);
        LabTransferJob job = await StartAsync();
        JsonObject manifest = await Api.GetAsync(Jobs(job.Name), Token);
        JsonObject spec = manifest.Object("spec")!, pod = spec.Object("template")!.Object("spec")!;
        Assert.Equal("Indexed", spec.Text("completionMode"));
        Assert.Equal(job.RangeCount, spec.Number("completions"));
        Assert.Equal(6, spec.Number("backoffLimitPerIndex"));
        Assert.False(spec.Flag("suspend"));
        Assert.Equal("""{"rules":[{"action":"Ignore","onPodConditions":[{"type":"DisruptionTarget","status":"True"}]},{"action":"FailIndex","onExitCodes":{"containerName":"worker","operator":"In","values":[2,3]}}]}""", spec.Object("podFailurePolicy")!.ToJsonString());
        Assert.Equal("Never", pod.Text("restartPolicy"));
        Assert.Equal("""[{"secretRef":{"name":"s3"}}]""", pod.Objects("containers").Single()["envFrom"]!.ToJsonString());
        Assert.DoesNotContain("SECRETVALUE", manifest.ToJsonString(), StringComparison.Ordinal);

        string plan = await PlanFileAsync(job);
        for (int index = 0; index < job.RangeCount; index++)
        {
            LabTransferRange range = Assert.Single((await WorkAsync(plan, index)).Ok().OutputOf<LabTransferRange>());
            Assert.Equal((index, "Done", 1), (range.Index, range.State, range.Attempts));
        }

        await EndAsync(job, "Complete");
        LabTransferJob result = Assert.Single((await RunAsync("Wait-LabTransferJob", new { job.Name })).Ok().OutputOf<LabTransferJob>());
        Assert.Equal((TransferJobState.Complete, 60L, 0L, 0L), (result.State, result.Objects, result.Skipped, result.FailedCount));
        await AssertCopiedAsync(60);

        // The progress is gone from the bucket, and the totals are still known.
        LabTransferJob later = Assert.Single((await RunAsync("Get-LabTransferJob", new { job.Name })).Ok().OutputOf<LabTransferJob>());
        Assert.Equal((60L, result.Size), (later.Objects, later.Size));
        (await RunAsync("Stop-LabTransferJob", new { job.Name, Remove = true })).Ok();
        Assert.Empty((await RunAsync("Get-LabTransferJob")).Ok().Output);
    }

    [Fact]
    public async Task A_worker_that_is_killed_repeats_no_more_than_a_checkpoint_and_stores_nothing_twice()
    {
        // So many that the third kill comes in time, although a worker copies on until it hears of the first two.
        const int count = 150;
        await FillAsync(count, versioned: true);
        LabTransferJob job = await StartAsync(interval: 10, ranges: 1);
        string plan = await PlanFileAsync(job);
        TransferPlan known = TransferPlan.Read(await File.ReadAllTextAsync(plan, Token));
        CheckpointStore checkpoints = new(Client, target, known.Id);
        int kills = 0, begun = 0;
        while (true)
        {
            // A kill can come when everything is done already: whoever comes then has nothing to take up.
            begun += await checkpoints.ReadAsync(0, null, Token) is { Done: true } ? 0 : 1;
            using CancellationTokenSource kill = new();
            int seen = 0;
            CmdletResult worked = await CmdletRunner.RunAsync(
                "Invoke-LabTransferRange", new { Path = plan, Index = 0, Session }, ctrlC: kill.Token,
                onVerbose: line =>
                {
                    if (line.Contains("PUT", StringComparison.Ordinal) && !line.Contains(".cloudlab-transfer", StringComparison.Ordinal) && ++seen == 13)
                    {
                        kill.Cancel();
                    }
                });
            if (!kill.IsCancellationRequested)
            {
                worked.Ok();
                break;
            }

            kills++;
            Assert.True(kills < 20);
        }

        TransferCheckpoint at = (await checkpoints.ReadAsync(0, null, Token))!;
        Assert.True(kills >= 3, $"{kills} kills");
        Assert.Equal((true, begun, 0L, (long)count), (at.Done, at.Attempts, at.Failed, at.Objects + at.Skipped));
        Assert.InRange(at.Skipped, 0, kills * 10);
        await AssertCopiedAsync(count, leftovers: true);
        (await RunAsync("Stop-LabTransferJob", new { job.Name, Remove = true })).Ok();
        await AssertCopiedAsync(count);
    }

    [Fact]
    public async Task What_is_there_is_left_alone_when_it_is_the_same_and_replaced_or_kept_when_it_is_not()
    {
        await FillAsync(5, versioned: true);
        await PutAsync(target, "copy/0001", "0001 content");
        await PutAsync(target, "copy/0002", "another");
        foreach (bool noClobber in new[] { true, false })
        {
            LabTransferJob job = await StartAsync(noClobber: noClobber);
            CmdletResult worked = await WorkAsync(await PlanFileAsync(job), 0);
            LabTransferRange range = Assert.Single(worked.OutputOf<LabTransferRange>());
            if (noClobber)
            {
                Assert.Equal((3L, 1L, 1L), (range.Objects, range.Skipped, range.Failed));
                Assert.StartsWith("RangeFailed", Assert.Single(worked.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
                await EndAsync(job, "Failed");
                CmdletResult waited = await RunAsync("Wait-LabTransferJob", new { job.Name });
                Assert.True(waited.Output.Count == 1, string.Join("; ", waited.Errors.Select(e => e.Exception.ToString())) + waited.TerminatingError);
                Assert.Equal([("0002", "ObjectAlreadyExists")], Assert.Single(waited.OutputOf<LabTransferJob>()).Failed.Select(failure => (failure.Key, failure.Code)));
                Assert.StartsWith("TransferFailed", Assert.Single(waited.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
            }
            else
            {
                Assert.Equal((1L, 4L, 0L), (range.Objects, range.Skipped, range.Failed));
            }

            (await RunAsync("Stop-LabTransferJob", new { job.Name, Remove = true })).Ok();
        }

        Assert.Equal(2, (await VersionsAsync()).Count(found => found.Key == "copy/0002"));
        Assert.Single(await VersionsAsync(), found => found.Key == "copy/0001");
    }

    [Fact]
    public async Task Content_passes_through_the_worker_between_two_services()
    {
        await using LabEmulator other = await LabEmulator.StartAsync();
        LabSession there = LabSession.Resolve(other.Info.GetSessionOptions(), "test", null, new LabEnvironment(_ => null, Folder));
        await new BucketStore(new StorageClient(there)).CreateAsync(target, null, Token);
        await new BucketStore(Client).CreateAsync(source, null, Token);
        await PutAsync(source, "a.json", "{}", new UploadOptions { Metadata = new Dictionary<string, string> { ["author"] = "me" }, Tags = new Dictionary<string, string> { ["t"] = "1" } });
        await PutAsync(source, "large", new string('x', 9_000_000));
        TransferPlan plan = new()
        {
            Id = "x", Action = TransferAction.Copy, Source = new TransferPlace(source, "", null, "us-east-1"), Destination = new TransferPlace(target, "n/", null, "us-east-1"),
            TwoServices = true, Ranges = [new KeyRange(null, null, 2)],
        };
        foreach (long copied in new[] { 2L, 0L })
        {
            LabTransferRange range = await new RangeWorker(plan with { Id = $"x{copied}" }, 0, Client, new StorageClient(there), null, null, Core.Common.Reporting.NullReporter.Instance).RunAsync(Token);
            Assert.Equal((copied, 2 - copied, 0L), (range.Objects, range.Skipped, range.Failed));
        }

        LabObjectMetadata copy = await new ObjectStore(new StorageClient(there)).GetAsync(target, "n/a.json", new ReadOptions(), Token);
        Assert.Equal(("application/json", "me", 1), (copy.ContentType, copy.Metadata["author"], copy.TagCount));
        Assert.Equal(9_000_000, (await new ObjectStore(new StorageClient(there)).GetAsync(target, "n/large", new ReadOptions(), Token)).Size);
    }

    [Fact]
    public async Task Workers_trust_what_the_sessions_trust_and_reach_each_service_by_its_own_address()
    {
        await FillAsync(3, versioned: false);
        await using LabEmulator other = await LabEmulator.StartAsync();
        (string here, string there) = (Authority("here"), Authority("there"));
        foreach ((string? bundle, string? destinationBundle) in new[] { (here, there), (here, null), (null, there), ((string?)null, (string?)null) })
        {
            LabSession from = LabSession.Resolve(new SessionOptions { CaBundle = bundle }, "test", Session);
            LabSession to = LabSession.Resolve(other.Info.GetSessionOptions() with { CaBundle = destinationBundle }, "test", null, new LabEnvironment(_ => null, Folder));
            if (bundle is not null && destinationBundle is not null)
            {
                await new BucketStore(new StorageClient(to)).CreateAsync(target, null, Token);
            }

            LabTransferJob job = Assert.Single((await RunAsync("Copy-LabObject", new
            {
                Session = from, Bucket = source, Prefix = "", DestinationBucket = target, OnCluster = true, CredentialSecret = "s3", NoWait = true,
                DestinationSession = to, DestinationCredentialSecret = "s3", WorkerEndpointUrl = "https://here:1", DestinationWorkerEndpointUrl = "https://there:2",
            })).Ok().OutputOf<LabTransferJob>());
            JsonObject data = (await Api.GetAsync($"/api/v1/namespaces/{Namespace}/configmaps/{job.Name}", Token)).Object("data")!;
            TransferPlan plan = TransferPlan.Read(data.Text("plan.json")!);
            Assert.Equal(("https://here:1/", "https://there:2/", true), (plan.Source.EndpointUrl!.AbsoluteUri, plan.Destination!.EndpointUrl!.AbsoluteUri, plan.TwoServices));
            Assert.Equal((bundle is not null, destinationBundle is not null), (data.ContainsKey("ca.pem"), data.ContainsKey("destination-ca.pem")));
            Assert.DoesNotContain("PRIVATE KEY", data.ToJsonString(), StringComparison.Ordinal);
            Dictionary<string, string?> variables = (await Api.GetAsync(Jobs(job.Name), Token)).Object("spec")!.Object("template")!.Object("spec")!.Objects("containers").Single()
                .Objects("env").ToDictionary(variable => variable.Text("name")!, variable => variable.Text("value"));
            Assert.Equal(bundle is null ? null : "/etc/cloudlab/transfer/ca.pem", variables.GetValueOrDefault("AWS_CA_BUNDLE"));
            Assert.Equal(
                destinationBundle is not null ? "/etc/cloudlab/transfer/destination-ca.pem" : bundle is not null ? "/etc/ssl/certs/ca-certificates.crt" : null,
                variables.GetValueOrDefault("DESTINATION_AWS_CA_BUNDLE"));
            if (bundle is not null)
            {
                using X509Certificate2 sent = X509Certificate2.CreateFromPem(data.Text("ca.pem"));
                Assert.Equal("CN=here", sent.Subject);
            }
        }
    }

    [Fact]
    public async Task A_worker_that_was_given_up_learns_it_at_its_next_checkpoint()
    {
        await new BucketStore(Client).CreateAsync(target, null, Token);
        TransferCheckpoint at = new() { Attempts = 1 };
        CheckpointStore first = new(Client, target, "x"), second = new(Client, target, "x");
        await first.WriteAsync(0, at, [], Token);
        await first.WriteAsync(0, at with { Checkpoints = 1 }, [], Token);

        // An answer that was lost is no other worker's.
        await second.WriteAsync(0, at with { Checkpoints = 1 }, [], Token);
        Assert.Equal(1, (await second.ReadAsync(0, null, Token))!.Checkpoints);
        await second.WriteAsync(0, at with { Attempts = 2 }, [], Token);
        LabException e = await Assert.ThrowsAsync<LabException>(() => first.WriteAsync(0, at with { Checkpoints = 2 }, [], Token));
        Assert.Equal(("RangeTaken", LabErrorKind.Conflict), (e.Code, e.Kind));
        Assert.Equal(2, (await second.ReadAsync(0, null, Token))!.Attempts);
    }

    [Fact]
    public async Task Another_destination_is_not_given_the_credentials_of_the_source()
    {
        TransferPlan plan = new()
        {
            Id = "x", Action = TransferAction.Copy, Source = new TransferPlace(source, "", null, "us-east-1"), Destination = new TransferPlace(target, "", null, "us-east-1"),
            TwoServices = true, Ranges = [new KeyRange(null, null, 2)],
        };
        CmdletResult refused = await WorkAsync(Write("two.json", plan.Write()), 0);
        Assert.StartsWith("NoDestinationCredentials", refused.Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("DESTINATION_AWS_ACCESS_KEY_ID", refused.Error().Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deletion_leaves_nothing_but_what_other_jobs_keep()
    {
        await FillAsync(30, versioned: false);
        await PutAsync(source, ".cloudlab-transfer/other/00000.json", "{}");
        CmdletResult started = await RunAsync("Remove-LabObject", new { Bucket = source, Prefix = "", OnCluster = true, CredentialSecret = "s3", NoWait = true, Force = true });
        LabTransferJob job = Assert.Single(started.Ok().OutputOf<LabTransferJob>());
        LabTransferRange range = Assert.Single((await WorkAsync(await PlanFileAsync(job), 0)).Ok().OutputOf<LabTransferRange>());
        Assert.Equal(30, range.Objects);
        (await RunAsync("Stop-LabTransferJob", new { job.Name, Remove = true })).Ok();
        Assert.Equal([".cloudlab-transfer/other/00000.json"], await KeysAsync(source));
    }

    [Fact]
    public async Task WhatIf_shows_the_plan_and_changes_nothing()
    {
        await FillAsync(12, versioned: false);
        CmdletResult asked = await RunAsync(
            "Copy-LabObject", new { Bucket = source, Prefix = "", DestinationBucket = target, OnCluster = true, Image = "reg/cloudlab:1", WhatIf = true });
        LabTransferJob plan = Assert.Single(asked.Ok().OutputOf<LabTransferJob>());
        Assert.Equal((TransferJobState.Planned, 12L), (plan.State, plan.EstimatedObjects));
        Assert.NotNull(plan.EstimatedDuration);
        Assert.Contains($"about 12 objects", Assert.Single(asked.Information), StringComparison.Ordinal);
        Assert.Contains("reg/cloudlab:1", asked.Information[0], StringComparison.Ordinal);
        Assert.Empty((await RunAsync("Get-LabTransferJob")).Ok().Output);
        Assert.Empty(await KeysAsync(target));
    }

    [Fact]
    public async Task A_job_is_stopped_and_goes_on()
    {
        await FillAsync(3, versioned: false);
        LabTransferJob job = await StartAsync();
        Assert.Equal(TransferJobState.Stopped, Assert.Single((await RunAsync("Stop-LabTransferJob", new { job.Name, PassThru = true })).Ok().OutputOf<LabTransferJob>()).State);
        Assert.StartsWith("TransferStopped", Assert.Single((await RunAsync("Wait-LabTransferJob", new { job.Name })).Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        (await WorkAsync(await PlanFileAsync(job), 0)).Ok();
        (await RunAsync("Wait-LabTransferJob", new { job.Name, Resume = true, Timeout = 60 })).Ok();
        Assert.Equal(TransferJobState.Complete, Assert.Single((await RunAsync("Get-LabTransferJob")).Ok().OutputOf<LabTransferJob>()).State);
    }

    [Fact]
    public async Task Workers_that_end_well_and_did_nothing_have_failed()
    {
        await FillAsync(3, versioned: false);
        LabTransferJob job = await StartAsync();
        CmdletResult waited = await RunAsync("Wait-LabTransferJob", new { job.Name, Timeout = 60 });
        Assert.StartsWith("TransferFailed", Assert.Single(waited.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("0 objects and 1 of 1 range failed (workers ended without a checkpoint", waited.Errors[0].Exception.Message, StringComparison.Ordinal);
        LabTransferJob seen = Assert.Single((await RunAsync("Get-LabTransferJob")).Ok().OutputOf<LabTransferJob>());
        Assert.Equal((TransferJobState.Failed, 0, 1), (seen.State, seen.RangesDone, seen.RangesFailed));
    }

    [Fact]
    public async Task Who_stops_waiting_is_told_how_to_come_back()
    {
        await FillAsync(3, versioned: false);
        using CancellationTokenSource ctrlC = new();
        CmdletResult left = await RunAsync(
            "Copy-LabObject", new { Bucket = source, Prefix = "", DestinationBucket = target, OnCluster = true, CredentialSecret = "s3", JobName = "left", Image = "slow" },
            ctrlC: ctrlC.Token, onVerbose: line =>
            {
                if (line.Contains("/pods", StringComparison.Ordinal))
                {
                    ctrlC.Cancel();
                }
            });
        Assert.True(left.Stopped);
        Assert.Contains(left.Notes.Concat(left.Warnings), note => note.Contains($"Wait-LabTransferJob left -Namespace {Namespace} comes back to it", StringComparison.Ordinal));
        Assert.Equal("left", Assert.Single((await RunAsync("Get-LabTransferJob")).Ok().OutputOf<LabTransferJob>()).Name);
    }

    [Fact]
    public async Task An_image_that_cannot_be_pulled_is_told_from_the_pods()
    {
        await FillAsync(3, versioned: false);
        CmdletResult failed = await RunAsync(
            "Copy-LabObject", new { Bucket = source, Prefix = "", DestinationBucket = target, OnCluster = true, CredentialSecret = "s3", Image = "nonexistent/cloudlab:1" });
        System.Management.Automation.ErrorRecord error = failed.Error();
        Assert.StartsWith("WorkersNotStarted", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("ImagePullBackOff", error.Exception.Message, StringComparison.Ordinal);
        Assert.Contains("nonexistent/cloudlab:1", error.Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mistakes_are_told_before_a_cluster_has_anything_to_do()
    {
        await FillAsync(3, versioned: false);
        await RefusedAsync("NoWorkerCredentials", new { Bucket = source, Prefix = "", DestinationBucket = target, OnCluster = true });
        await RefusedAsync("SecretNotFound", new { Bucket = source, Prefix = "", DestinationBucket = target, OnCluster = true, CredentialSecret = "none" });
        await RefusedAsync("NoSuchBucket", new { Bucket = source, Prefix = "", DestinationBucket = "no-such-bucket-here", OnCluster = true, CredentialSecret = "s3" });
        await RefusedAsync("NoSuchBucket", new { Bucket = "no-such-bucket-here", Prefix = "", DestinationBucket = target, OnCluster = true, CredentialSecret = "s3" });
        await RefusedAsync("JobNameTooLong", new { Bucket = source, Prefix = "", DestinationBucket = target, OnCluster = true, CredentialSecret = "s3", JobName = new string('a', 63) });
        await RefusedAsync("CopyOntoItself", new { Bucket = source, Prefix = "", DestinationPrefix = "copy/", OnCluster = true, CredentialSecret = "s3" });
        await RefusedAsync("OnClusterOnly", new { Bucket = source, Prefix = "", DestinationBucket = target, Parallelism = 2 });
        await RefusedAsync("DestinationSessionOnly", new { Bucket = source, Prefix = "", DestinationBucket = target, OnCluster = true, CredentialSecret = "s3", DestinationCredentialSecret = "s3" });
        await RefusedAsync("NotOnCluster", new { Bucket = source, Prefix = "", DestinationBucket = target, OnCluster = true, ContentType = "text/plain" });
        Assert.Empty((await RunAsync("Get-LabTransferJob")).Ok().Output);

        (_, _) = await Api.SendAsync(HttpMethod.Post, $"/apis/batch/v1/namespaces/{Namespace}/jobs", """{"metadata":{"name":"plain"},"spec":{"suspend":true,"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}}"""u8.ToArray(), null, Token);
        foreach (string cmdlet in new[] { "Get-LabTransferJob", "Wait-LabTransferJob", "Stop-LabTransferJob" })
        {
            Assert.StartsWith("NotATransferJob", (await RunAsync(cmdlet, new { Name = "plain" })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_name_of_no_job_is_told_with_what_lists_them()
    {
        await FillAsync(1, versioned: false);
        LabTransferJob job = await StartAsync(image: "nonexistent");
        foreach (string cmdlet in new[] { "Get-LabTransferJob", "Wait-LabTransferJob", "Stop-LabTransferJob" })
        {
            System.Management.Automation.ErrorRecord error = (await RunAsync(cmdlet, new { Name = job.Name + "x" })).Error();
            Assert.StartsWith("NotFound", error.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Equal($"There is no transfer job '{job.Name}x' in namespace {Namespace}. Similar: '{job.Name}'.", error.Exception.Message);
            Assert.Contains($"Get-LabTransferJob -Namespace {Namespace} lists", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
            Assert.Contains("Get-LabTransferJob -AllNamespaces", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
            error = (await RunAsync(cmdlet, new { job.Name, Namespace = "no-such-namespace" })).Error();
            Assert.StartsWith("There is no namespace 'no-such-namespace'", error.Exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_a_job_needs_of_its_namespace_is_looked_at_before_there_is_a_job()
    {
        await FillAsync(3, versioned: false);
        await SecretAsync("half", "Opaque", "AWS_ACCESS_KEY_ID: SECRETVALUE, AWS_SECRET_ACCESS_KEY: ''");
        await SecretAsync("other", "Opaque", "access: SECRETVALUE, secret: SECRETVALUE");
        await SecretAsync("identity", "Opaque", "AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/mover'");
        await SecretAsync("registry", "kubernetes.io/dockerconfigjson", """.dockerconfigjson: '{"auths":{}}'""");
        await StartsWithAsync("There is no namespace 'no-such-namespace'", new() { ["Namespace"] = "no-such-namespace" });
        await StartsWithAsync($"The Secret 'half' in namespace {Namespace} has nothing under AWS_SECRET_ACCESS_KEY, which the workers need: it has AWS_ACCESS_KEY_ID.", new() { ["CredentialSecret"] = "half" });
        await StartsWithAsync($"The Secret 'half' in namespace {Namespace} has nothing under AWS_SECRET_ACCESS_KEY, which", new() { ["CredentialSecret"] = "half", ["ServiceAccount"] = "default" });
        await StartsWithAsync($"The Secret 'other' in namespace {Namespace} has nothing under AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, which the workers need: it has access, secret.", new() { ["CredentialSecret"] = "other" });
        await StartsWithAsync($"The Secret 'identity' in namespace {Namespace} has nothing under", new() { ["CredentialSecret"] = "identity" });
        await StartsWithAsync($"There is no Secret 'none' in namespace {Namespace}, which the nodes", new() { ["ImagePullSecret"] = new[] { "registry", "none" } });
        await StartsWithAsync($"The Secret 's3' in namespace {Namespace} is of type Opaque: nodes pull images with those of type kubernetes.io/dockerconfigjson only.", new() { ["ImagePullSecret"] = "s3" });

        // A service that is another one has keys of its own, whatever the workers are elsewhere.
        await using LabEmulator other = await LabEmulator.StartAsync();
        LabSession there = LabSession.Resolve(other.Info.GetSessionOptions(), "test", null, new LabEnvironment(_ => null, Folder));
        await new BucketStore(new StorageClient(there)).CreateAsync(target, null, Token);
        await StartsWithAsync(
            $"The Secret 'identity' in namespace {Namespace} has nothing under", new() { ["ServiceAccount"] = "default", ["DestinationSession"] = there, ["DestinationCredentialSecret"] = "identity" });
        Assert.Empty((await RunAsync("Get-LabTransferJob")).Ok().Output);

        LabTransferJob job = Assert.Single((await CopyAsync(new() { ["CredentialSecret"] = "identity", ["ServiceAccount"] = "default", ["ImagePullSecret"] = "registry" })).Ok().OutputOf<LabTransferJob>());
        JsonObject pod = (await Api.GetAsync(Jobs(job.Name), Token)).Object("spec")!.Object("template")!.Object("spec")!;
        Assert.Equal("""[{"name":"registry"}]""", pod["imagePullSecrets"]!.ToJsonString());
        await StartsWithAsync($"There is a Job '{job.Name}' in namespace {Namespace} already.", new() { ["JobName"] = job.Name });

        async Task StartsWithAsync(string message, Dictionary<string, object?> parameters)
        {
            CmdletResult refused = await CopyAsync(parameters);
            System.Management.Automation.ErrorRecord error = refused.Error();
            Assert.StartsWith(message, error.Exception.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("SECRETVALUE", error + error.ErrorDetails?.RecommendedAction + string.Concat(refused.Verbose), StringComparison.Ordinal);

            // Before a bucket of a billion objects is sampled.
            Assert.DoesNotContain(refused.Verbose, line => line.Contains("sampled", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Who_may_not_read_Secrets_may_start_a_job_all_the_same()
    {
        await FillAsync(3, versioned: false);
        await using FaultProxy proxy = new(new Uri(Api.Address));
        proxy.Plan = request => request.Method == "GET" && (request.Target.Contains("/secrets/", StringComparison.Ordinal) || request.Target.EndsWith("/jobs/unread", StringComparison.Ordinal)
            || request.Target.EndsWith("/namespaces/" + Namespace, StringComparison.Ordinal)) ? new Fault(FaultKind.Status, 403) : Fault.None;
        LabTransferJob job = Assert.Single((await CopyAsync(new() { ["KubeConfig"] = ConfigOf(proxy), ["Namespace"] = Namespace, ["JobName"] = "unread", ["ImagePullSecret"] = "registry" }))
            .Ok().OutputOf<LabTransferJob>());
        Assert.Equal("unread", job.Name);
        Assert.Equal(2, proxy.Seen.Count(request => request.Target.Contains("/secrets/", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_job_whose_plan_is_refused_is_removed_again(bool stays)
    {
        await FillAsync(3, versioned: false);
        await using FaultProxy proxy = new(new Uri(Api.Address));
        proxy.Plan = request => (request.Method == "POST" && request.Target.Contains("/configmaps", StringComparison.Ordinal)) || (stays && request.Method == "DELETE")
            ? new Fault(FaultKind.Status, 403) : Fault.None;
        CmdletResult refused = await CopyAsync(new() { ["KubeConfig"] = ConfigOf(proxy), ["Namespace"] = Namespace, ["JobName"] = "refused" });
        Assert.StartsWith("Forbidden", refused.Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(proxy.Seen, request => request.Method == "POST" && request.Target.Contains("/jobs", StringComparison.Ordinal));
        Assert.Equal(stays, (await RunAsync("Get-LabResource", new { Kind = "jobs" })).Ok().Output.Count > 0);
        Assert.Equal(stays, refused.Warnings.Any(warning => warning.StartsWith($"The Job 'refused' in namespace {Namespace} did not begin, and could not be removed", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_plan_that_no_ConfigMap_holds_is_told_before_anybody_is_asked()
    {
        await FillAsync(3, versioned: false);
        string many = Write("many.pem", string.Concat(Enumerable.Repeat(await File.ReadAllTextAsync(Authority("one"), Token), 3000)));
        CmdletResult refused = await CopyAsync(new() { ["Session"] = LabSession.Resolve(new SessionOptions { CaBundle = many }, "test", Session), ["WhatIf"] = true });
        Assert.StartsWith("PlanTooLarge", refused.Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("The plan of 1 range and the CA bundle have", refused.Error().Exception.Message, StringComparison.Ordinal);
        Assert.EndsWith("give a CA bundle with fewer certificates.", refused.Error().Exception.Message, StringComparison.Ordinal);
        Assert.Empty(refused.Information);
        Assert.Empty(refused.Output);
    }

    [Fact]
    public void A_plan_that_is_too_large_says_how_many_ranges_fit()
    {
        TransferJobOptions options = new() { Name = "x", Namespace = "x", Image = "x", Parallelism = 1 };
        LabException e = Assert.Throws<LabException>(() => TransferJobs.Planned(Long(1200), options, TimeSpan.Zero));
        int fitting = int.Parse(e.Message.Split("give -RangeCount ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(fitting, 400, 600);
        Assert.Equal(fitting, TransferJobs.Planned(Long(fitting), options, TimeSpan.Zero).RangeCount);

        TransferPlan Long(int ranges) => new()
        {
            Id = "x", Action = TransferAction.Remove, Source = new TransferPlace("src", "", null, "us-east-1"),
            Ranges = [.. Enumerable.Range(0, ranges).Select(i => new KeyRange(new string('k', 900) + i, new string('k', 900) + (i + 1), 1))],
        };
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Another_destination_is_trusted_by_the_authorities_that_its_variable_names(bool named)
    {
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new("CN=there", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, true));
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        const string denial = "<Error><Code>AccessDenied</Code><Message>Told by it.</Message></Error>";
        await using LoopbackCluster there = new(
            _ => $"HTTP/1.1 403 Forbidden\r\nContent-Type: application/xml\r\nContent-Length: {denial.Length}\r\nConnection: close\r\n\r\n{denial}", certificate);
        TransferPlan plan = new()
        {
            Id = "x", Action = TransferAction.Copy, Source = new TransferPlace(source, "", null, "us-east-1"),
            Destination = new TransferPlace(target, "", new Uri($"https://127.0.0.1:{there.Port}"), "us-east-1"), TwoServices = true, Ranges = [new KeyRange(null, null, 2)],
        };
        Dictionary<string, string> variables = new() { ["DESTINATION_AWS_ACCESS_KEY_ID"] = "AKIDTHERE", ["DESTINATION_AWS_SECRET_ACCESS_KEY"] = "x" };
        if (named)
        {
            variables["DESTINATION_AWS_CA_BUNDLE"] = Write("there.pem", certificate.ExportCertificatePem());
        }

        // Only workers of two services read them, and those are all in this class.
        try
        {
            foreach ((string name, string value) in variables)
            {
                Environment.SetEnvironmentVariable(name, value);
            }

            System.Management.Automation.ErrorRecord error = (await WorkAsync(Write("two.json", plan.Write()), 0)).Error();
            Assert.StartsWith(named ? "AccessDenied" : "TlsFailed", error.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Equal(named, there.Heads.Any(head => head.Contains($"/{target}/.cloudlab-transfer/x/00000.json", StringComparison.Ordinal) && head.Contains("AKIDTHERE", StringComparison.Ordinal)));
        }
        finally
        {
            foreach (string name in variables.Keys)
            {
                Environment.SetEnvironmentVariable(name, null);
            }
        }
    }

    [Fact]
    public async Task A_job_that_does_not_end_in_time_runs_on()
    {
        await FillAsync(3, versioned: false);
        LabTransferJob job = await StartAsync(image: "crash", backoff: 1000);
        System.Management.Automation.ErrorRecord error = (await RunAsync("Wait-LabTransferJob", new { job.Name, Timeout = 0 })).Error();
        Assert.StartsWith("WaitTimeout", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains($"Wait-LabTransferJob {job.Name} -Namespace {Namespace} comes back to it", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal(TransferJobState.Running, Assert.Single((await RunAsync("Get-LabTransferJob")).Ok().OutputOf<LabTransferJob>()).State);
    }

    [Fact]
    public async Task A_plan_that_cannot_be_read_is_told()
    {
        foreach (string path in new[] { Path.Combine(Folder, "none.json"), Folder })
        {
            System.Management.Automation.ErrorRecord error = (await RunAsync("Invoke-LabTransferRange", new { Path = path, Index = 0 })).Error();
            Assert.StartsWith("PlanNotReadable", error.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Contains(path, error.Exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task While_a_job_is_waited_for_keys_that_failed_are_not_read_again_and_again()
    {
        await FillAsync(2, versioned: false);
        await PutAsync(target, "copy/0001", "another");
        LabTransferJob job = await StartAsync(noClobber: true, image: "crash", backoff: 1000);
        Assert.StartsWith("RangeFailed", (await WorkAsync(await PlanFileAsync(job), 0)).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        await using FaultProxy storage = new(Session.Aws.Endpoint("S3")!), cluster = new(new Uri(Api.Address));
        LabSession through = LabSession.Resolve(new SessionOptions { EndpointUrl = storage.Url }, "test", Session);
        using CancellationTokenSource ctrlC = new();
        int looks = 0;
        await RunAsync(
            "Wait-LabTransferJob", new { job.Name, Session = through, KubeConfig = ConfigOf(cluster), Namespace }, ctrlC: ctrlC.Token, onVerbose: line =>
            {
                if (line.Contains("/pods", StringComparison.Ordinal) && ++looks == 2)
                {
                    ctrlC.Cancel();
                }
            });
        Assert.Contains(storage.Seen, request => request.Target.Contains("/00000.json", StringComparison.Ordinal));
        Assert.DoesNotContain(storage.Seen, request => request.Target.Contains(".failed/", StringComparison.Ordinal));

        // Nor are pods that ended well, of which there may be thousands.
        Assert.All(cluster.Seen.Where(request => request.Target.Contains("/pods", StringComparison.Ordinal)), request => Assert.Contains("status.phase%21%3DSucceeded", request.Target, StringComparison.Ordinal));
        Assert.Equal("0001", Assert.Single(Assert.Single((await RunAsync("Get-LabTransferJob")).Ok().OutputOf<LabTransferJob>()).Failed).Key);
    }

    [Fact]
    public async Task Two_who_wait_for_a_job_both_see_it_complete()
    {
        await FillAsync(3, versioned: false);
        LabTransferJob job = await StartAsync(image: "crash", backoff: 1000);
        (await WorkAsync(await PlanFileAsync(job), 0)).Ok();
        await EndAsync(job, "Complete");
        await using FaultProxy storage = new(Session.Aws.Endpoint("S3")!);
        int looks = 0;
        storage.Plan = request =>
        {
            // When this one has seen the Job, and not yet the checkpoints, the other one is quicker.
            if (request.Target.Contains("list-type", StringComparison.Ordinal) && Interlocked.Increment(ref looks) == 1)
            {
                RunAsync("Wait-LabTransferJob", new { job.Name }).GetAwaiter().GetResult().Ok();
            }

            return Fault.None;
        };
        LabSession through = LabSession.Resolve(new SessionOptions { EndpointUrl = storage.Url }, "test", Session);
        LabTransferJob result = Assert.Single((await RunAsync("Wait-LabTransferJob", new { job.Name, Session = through })).Ok().OutputOf<LabTransferJob>());
        Assert.Equal((TransferJobState.Complete, 3L), (result.State, result.Objects));
    }

    [Fact]
    public async Task A_worker_that_could_say_nothing_is_told_as_the_cluster_knows_it()
    {
        await FillAsync(3, versioned: false);
        LabTransferJob job = await StartAsync(image: "crash", backoff: 0);
        System.Management.Automation.ErrorRecord error = Assert.Single((await RunAsync("Wait-LabTransferJob", new { job.Name, Timeout = 60 })).Errors);
        Assert.StartsWith("TransferFailed", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("(container worker: Error, exit code 1)", error.Exception.Message, StringComparison.Ordinal);
        Assert.Contains($"Get-LabPodLog job/{job.Name} -Namespace {Namespace}", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(LabErrorKind.AuthenticationFailed, "InvalidAccessKeyId", true)]
    [InlineData(LabErrorKind.AuthenticationFailed, "ExpiredToken", false)]
    [InlineData(LabErrorKind.Conflict, "RangeTaken", false)]
    [InlineData(LabErrorKind.InvalidData, "RangeFailed", true)]
    public void A_worker_whose_keys_have_expired_is_replaced(LabErrorKind kind, string code, bool permanent) =>
        Assert.Equal(permanent, RangeWorker.IsPermanent(new LabException(kind, code, "x")));

    [Fact]
    public async Task Who_may_no_longer_look_at_the_bucket_is_told_how_to_come_back_and_what_is_left()
    {
        await FillAsync(2, versioned: false);
        LabTransferJob job = await StartAsync(image: "crash", backoff: 1000);
        await using FaultProxy storage = new(Session.Aws.Endpoint("S3")!);
        storage.Plan = _ => new Fault(FaultKind.Status, 400);
        LabSession expired = LabSession.Resolve(new SessionOptions { EndpointUrl = storage.Url }, "test", Session);
        System.Management.Automation.ErrorRecord error = (await RunAsync("Wait-LabTransferJob", new { job.Name, Session = expired })).Error();
        Assert.StartsWith("ExpiredToken", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains($"Wait-LabTransferJob {job.Name} -Namespace {Namespace} comes back to it", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.Contains("give the one that is with -Session", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);

        error = (await RunAsync("Stop-LabTransferJob", new { job.Name, Session = expired, Remove = true })).Error();
        Assert.Contains($"Remove-LabObject {target} -Prefix .cloudlab-transfer/{job.Name}-", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.Empty((await RunAsync("Get-LabTransferJob")).Ok().Output);
    }

    [Fact]
    public async Task One_of_something_is_said_as_one()
    {
        await FillAsync(1, versioned: false);
        string asked = Assert.Single((await CopyAsync(new() { ["WhatIf"] = true, ["Parallelism"] = 1 })).Ok().Information);
        Assert.Contains("about 1 object (", asked, StringComparison.Ordinal);
        Assert.Contains(" in 1 range with 1 worker of image cloudlab ", asked, StringComparison.Ordinal);
        Assert.Equal(("0 ranges", "1 range", "10,000 ranges"), (Counted.Of(0, "range"), Counted.Of(1, "range"), Counted.Of(10_000, "range")));
    }

    [Fact]
    public void A_deletion_is_not_said_to_take_as_long_as_a_copy()
    {
        TransferPlan copy = new()
        {
            Id = "x", Action = TransferAction.Copy, Source = new TransferPlace("src", "", null, "us-east-1"), Destination = new TransferPlace("dst", "", null, "us-east-1"), Ranges = [],
        };
        TransferPlan deletion = copy with { Action = TransferAction.Remove, ThrottleLimit = 4 };

        // A billion: at 3,500 a second; and four workers, each with a thousand in three requests of 30 ms.
        Assert.Equal(TimeSpan.FromSeconds(285_715), TransferPlanner.LeastTime(copy, 1e9, 64, TimeSpan.FromMilliseconds(30)));
        Assert.Equal(TimeSpan.FromSeconds(22_500), TransferPlanner.LeastTime(deletion, 1e9, 4, TimeSpan.FromMilliseconds(30)));
        Assert.Equal(TimeSpan.FromSeconds(15_000), TransferPlanner.LeastTime(deletion, 1e9, 4, TimeSpan.FromMilliseconds(5)));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"id\":\"x\",\"action\":\"Copy\",\"source\":null,\"ranges\":[]}")]
    [InlineData("{\"id\":\"x\",\"action\":\"Copy\",\"source\":{\"bucket\":\"bbb\",\"prefix\":\"\",\"region\":\"r\"},\"ranges\":[{}]}")]
    [InlineData("{\"id\":\"x\",\"action\":\"Remove\",\"source\":{\"bucket\":\"bbb\",\"prefix\":\"\",\"region\":\"r\"},\"ranges\":null}")]
    [InlineData("{\"id\":\"x\",\"action\":\"Remove\",\"source\":{\"bucket\":\"bbb\",\"prefix\":\"\",\"region\":\"r\"},\"ranges\":[null]}")]
    [InlineData("{\"id\":\"x\",\"action\":7,\"source\":{\"bucket\":\"bbb\",\"prefix\":\"\",\"region\":\"r\"},\"ranges\":[{}]}")]
    [InlineData("{\"id\":\"../x\",\"action\":\"Remove\",\"source\":{\"bucket\":\"bbb\",\"prefix\":\"\",\"region\":\"r\"},\"ranges\":[{}]}")]
    [InlineData("{\"id\":\"x\",\"action\":\"Remove\",\"checkpointInterval\":0,\"source\":{\"bucket\":\"bbb\",\"prefix\":\"\",\"region\":\"r\"},\"ranges\":[{}]}")]
    [InlineData("{\"id\":\"x\",\"action\":\"Remove\",\"throttleLimit\":0,\"source\":{\"bucket\":\"bbb\",\"prefix\":\"\",\"region\":\"r\"},\"ranges\":[{}]}")]
    public async Task A_plan_that_was_edited_by_hand_is_told(string text)
    {
        System.Management.Automation.ErrorRecord error = (await RunAsync("Invoke-LabTransferRange", new { Path = Write("p.json", text), Index = 0 })).Error();
        Assert.StartsWith("InvalidPlan", error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_that_is_away_for_a_while_does_not_end_the_wait_and_a_job_that_is_removed_does()
    {
        await FillAsync(3, versioned: false);
        LabTransferJob job = await StartAsync(image: "slow");
        await using FaultProxy proxy = new(new Uri(Api.Address));
        int looks = 0;
        using SemaphoreSlim seen = new(0);
        proxy.Plan = request =>
        {
            if (!request.Target.EndsWith("/jobs/" + job.Name, StringComparison.Ordinal))
            {
                return Fault.None;
            }

            switch (Interlocked.Increment(ref looks))
            {
                case 1:
                    return Fault.None;
                case 2:
                    // Before it is complete: the emulator's pods do not run for long.
                    Api.SendAsync(HttpMethod.Delete, Jobs(job.Name), null, null, Token).GetAwaiter().GetResult();
                    return new Fault(FaultKind.ResetAtOnce, 503);
                case < 8:
                    return new Fault(looks % 2 == 0 ? FaultKind.ResetAtOnce : FaultKind.Status, 503);
                case 8:
                    seen.Release();
                    return Fault.None;
                default:
                    return Fault.None;
            }
        };
        Task<CmdletResult> waiting = RunAsync("Wait-LabTransferJob", new { job.Name, KubeConfig = ConfigOf(proxy), Namespace, Timeout = 120 });
        Task first = await Task.WhenAny(waiting, seen.WaitAsync(Token));
        Assert.False(first == waiting, waiting.IsCompleted ? (await waiting).Error().ToString() : "");
        System.Management.Automation.ErrorRecord gone = (await waiting).Error();
        Assert.StartsWith("TransferJobGone", gone.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains($"Remove-LabObject {target} -Prefix .cloudlab-transfer/", gone.ErrorDetails?.RecommendedAction ?? "", StringComparison.Ordinal);
    }

    // With its key in the same file, as servers have it.
    private string Authority(string name)
    {
        using ECDsa key = ECDsa.Create();
        using X509Certificate2 certificate = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return Write(name + ".pem", key.ExportPkcs8PrivateKeyPem() + "\n" + certificate.ExportCertificatePem() + "\n");
    }

    private string ConfigOf(FaultProxy proxy) => Write(
        $"through-{proxy.Url.Port}", File.ReadAllText(Session.Kubernetes.ConfigSetting.Value!).Replace(Api.Address, proxy.Url.AbsoluteUri.TrimEnd('/'), StringComparison.Ordinal));

    private async Task SecretAsync(string name, string type, string entries) => (await RunAsync(
        "Deploy-LabManifest", new { Manifest = $"{{apiVersion: v1, kind: Secret, metadata: {{name: {name}, namespace: {Namespace}}}, type: {type}, stringData: {{{entries}}}}}\n" })).Ok();

    private Task<CmdletResult> CopyAsync(Dictionary<string, object?> more)
    {
        Dictionary<string, object?> parameters = new()
        {
            ["Bucket"] = source, ["Prefix"] = "", ["DestinationBucket"] = target, ["DestinationPrefix"] = "copy/", ["OnCluster"] = true, ["CredentialSecret"] = "s3", ["NoWait"] = true,
        };
        foreach ((string name, object? value) in more)
        {
            parameters[name] = value;
        }

        return RunAsync("Copy-LabObject", parameters);
    }

    private async Task RefusedAsync(string id, object parameters)
    {
        CmdletResult refused = await RunAsync("Copy-LabObject", parameters);
        Assert.StartsWith(id, (refused.TerminatingError ?? Assert.Single(refused.Errors)).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    private async Task FillAsync(int count, bool versioned)
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = $"{{apiVersion: v1, kind: Secret, metadata: {{name: s3, namespace: {Namespace}}}, stringData: {{AWS_ACCESS_KEY_ID: a, AWS_SECRET_ACCESS_KEY: SECRETVALUE}}}}\n" })).Ok();
        await new BucketStore(Client).CreateAsync(source, null, Token);
        await new BucketStore(Client).CreateAsync(target, null, Token);
        if (versioned)
        {
            (await RunAsync("Set-LabBucketVersioning", new { Bucket = target, Status = "Enabled" })).Ok();
        }

        await Parallel.ForEachAsync(Enumerable.Range(0, count), Token, async (i, _) => await PutAsync(source, $"{i:D4}", $"{i:D4} content"));
    }

    private async Task<LabTransferJob> StartAsync(int interval = 1000, int ranges = 0, bool noClobber = false, string image = "cloudlab", int backoff = 6)
    {
        Dictionary<string, object?> parameters = new() { ["CheckpointInterval"] = interval, ["NoClobber"] = noClobber, ["ThrottleLimit"] = 4, ["Image"] = image, ["BackoffLimit"] = backoff };
        if (ranges > 0)
        {
            parameters["RangeCount"] = ranges;
        }

        return Assert.Single((await CopyAsync(parameters)).Ok().OutputOf<LabTransferJob>());
    }

    private async Task<string> PlanFileAsync(LabTransferJob job)
    {
        JsonObject map = await Api.GetAsync($"/api/v1/namespaces/{Namespace}/configmaps/{job.Name}", Token);
        Assert.Equal(job.Name, map.Object("metadata")!.Objects("ownerReferences").Single().Text("name"));
        return Write($"{job.Name}.json", map.Object("data")!.Text("plan.json")!);
    }

    private Task<CmdletResult> WorkAsync(string plan, int index) => RunAsync("Invoke-LabTransferRange", new { Path = plan, Index = index });

    // What the Job's controller does when its pods have ended; no pod runs anything here.
    private async Task EndAsync(LabTransferJob job, string condition) => await Api.SendAsync(
        HttpMethod.Patch, Jobs(job.Name) + "/status",
        Encoding.UTF8.GetBytes(new JsonObject
        {
            ["status"] = new JsonObject
            {
                ["completedIndexes"] = condition == "Complete" ? $"0-{job.RangeCount - 1}" : "",
                ["conditions"] = new JsonArray(new JsonObject { ["type"] = condition, ["status"] = "True", ["reason"] = "Test", ["message"] = "ended", ["lastTransitionTime"] = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture) }),
            },
        }.ToJsonString()), "application/merge-patch+json", Token);

    private string Jobs(string name) => $"/apis/batch/v1/namespaces/{Namespace}/jobs/{name}";

    private Task PutAsync(string bucket, string key, string content) => PutAsync(bucket, key, content, new UploadOptions());

    private async Task PutAsync(string bucket, string key, string content, UploadOptions options)
    {
        using MemoryStream stream = new(Encoding.UTF8.GetBytes(content));
        await new TransferEngine(Client).SendAsync(stream, bucket, key, options with { ContentType = key.EndsWith(".json", StringComparison.Ordinal) ? "application/json" : null }, null, Token);
    }

    private async Task<List<string>> KeysAsync(string bucket) =>
        await new ObjectStore(Client).ListAsync(new ObjectListing { Bucket = bucket }, Token).Select(entry => ((LabObject)entry).Key).ToListAsync(Token);

    private async Task<List<LabObjectVersion>> VersionsAsync() =>
        await new ObjectStore(Client).ListAsync(new ObjectListing { Bucket = target, Versions = true }, Token).Cast<LabObjectVersion>().ToListAsync(Token);

    private async Task AssertCopiedAsync(int count, bool leftovers = false)
    {
        Dictionary<string, string?> expected = await new ObjectStore(Client).ListAsync(new ObjectListing { Bucket = source }, Token).Cast<LabObject>()
            .ToDictionaryAsync(found => "copy/" + found.Key, found => found.ETag, cancellationToken: Token);
        List<LabObjectVersion> there = [.. (await VersionsAsync()).Where(found => !leftovers || !found.Key.StartsWith(".cloudlab-transfer/", StringComparison.Ordinal))];
        Assert.Equal(count, expected.Count);
        Assert.Equal(count, there.Count);
        Assert.All(there, found => Assert.Equal(expected[found.Key], found.ETag));
    }
}
