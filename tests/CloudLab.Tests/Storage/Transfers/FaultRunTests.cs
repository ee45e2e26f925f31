using System.Collections.Concurrent;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;
using CloudLab.Tests.Faults;
using Xunit;

namespace CloudLab.Tests.Storage.Transfers;

[CollectionDefinition(nameof(FaultRunTests), DisableParallelization = true)]
public sealed class FaultRunCollection;

[Trait("Area", "Storage")]
[Collection(nameof(FaultRunTests))]
public sealed class FaultRunsOnEmulatorTests() : FaultRunTests(StorageServer.Emulator);

[Trait("Area", "Storage")]
[Trait("Server", "s3")]
[Collection(nameof(FaultRunTests))]
public sealed class FaultRunsOnCephTests() : FaultRunTests(StorageServer.Ceph);

/// <summary>
/// A thousand random runs, each from its seed: something is uploaded, downloaded, copied or deleted through a connection that fails in every
/// way, and now and then the user presses Ctrl+C. Whatever happens, it is done and right, or reported; nothing is half-written or left over.
/// </summary>
public abstract class FaultRunTests(StorageServer server) : StorageTest(server)
{
    private const int Runs = 1000;
    private const int RunsAtOnce = 8;
    private const int Part = 8 * 1024 * 1024;
    private const int LargeEvery = 40;

    private readonly ConcurrentQueue<string> warnings = [];
    private readonly ConcurrentQueue<string> trace = [];

    [Fact]
    public async Task A_thousand_runs_lose_nothing_and_corrupt_nothing()
    {
        // CLOUDLAB_TEST_SEED=239 repeats one run, with what the proxy saw.
        if (int.TryParse(Environment.GetEnvironmentVariable("CLOUDLAB_TEST_SEED"), out int one))
        {
            try
            {
                TestContext.Current.TestOutputHelper?.WriteLine(await RunAsync(one));
            }
            finally
            {
                TestContext.Current.TestOutputHelper?.WriteLine(string.Join("\n", trace));
            }

            return;
        }

        ConcurrentDictionary<string, int> outcomes = [];
        await Parallel.ForAsync(0, Runs, new ParallelOptions { MaxDegreeOfParallelism = RunsAtOnce, CancellationToken = Token }, async (seed, _) =>
        {
            try
            {
                string outcome = await RunAsync(seed);
                outcomes.AddOrUpdate(outcome, 1, (_, count) => count + 1);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                string seen = string.Join("\n", trace.Where(line => line.StartsWith($"{seed}:", StringComparison.Ordinal)));
                throw new InvalidOperationException($"Seed {seed}: {e.Message}\n{seen}", e);
            }
        });
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", outcomes.OrderBy(o => o.Key).Select(o => $"{o.Key}: {o.Value}")));
        Assert.Equal(Runs, outcomes.Values.Sum());
        Assert.InRange(outcomes.Where(o => o.Key.EndsWith("done", StringComparison.Ordinal)).Sum(o => o.Value), Runs / 2, Runs);
        Assert.DoesNotContain(FilesIn(Folder), name => name.Contains(".cloudlab-", StringComparison.Ordinal));

        // An upload that could not be taken back was warned of.
        Assert.InRange(await UnfinishedUploadsAsync(), 0, warnings.Count);
    }

    private async Task<string> RunAsync(int seed)
    {
        Random random = new(seed);
        await using FaultProxy proxy = new(ServerUrl);
        LabSession session = await ConnectAsync(proxy.Url);
        session.Aws.Silence = TimeSpan.FromSeconds(2);
        StorageClient client = new(session, new Listener(warnings));
        Func<ProxiedRequest, Fault> plan = Plan(random);
        proxy.Plan = request =>
        {
            Fault fault = plan(request);
            trace.Enqueue($"{seed}: {request.Method} {request.Target} {fault}");
            return fault;
        };
        bool large = seed % LargeEvery == 0;
        int size = large ? Part + random.Next(2 * Part) : random.Next(4) == 0 ? random.Next(3) : random.Next(300_000);
        byte[] content = new byte[size];
        new Random(seed).NextBytes(content);
        string key = $"run/{seed}", folder = Path.Combine(Folder, $"run{seed}");
        using CancellationTokenSource ctrlC = CancellationTokenSource.CreateLinkedTokenSource(Token);
        if (random.Next(10) == 0)
        {
            ctrlC.CancelAfter(random.Next(300));
        }

        TransferEngine engine = new(client, 4);
        string work = (seed % 5) switch { 0 => "upload", 1 => "download", 2 => "stream", 3 => "copy", _ => "delete" };
        string before = "what was there before " + seed;
        string outcome;
        try
        {
            switch (work)
            {
                case "upload":
                    Directory.CreateDirectory(folder);
                    File.WriteAllBytes(Path.Combine(folder, "f"), content);
                    await engine.SendAsync(Path.Combine(folder, "f"), Bucket, key, new UploadOptions(), null, ctrlC.Token);
                    break;
                case "stream":
                    using (MemoryStream stream = new(content, writable: false))
                    {
                        await engine.SendAsync(stream, Bucket, key, new UploadOptions(), null, ctrlC.Token);
                    }

                    break;
                case "download":
                    await PutAsync(key, content);
                    await engine.ReceiveAsync(Bucket, key, Path.Combine(folder, "f"), new DownloadOptions(), null, ctrlC.Token);
                    break;
                case "copy":
                    await PutAsync(key + "-source", content);
                    await PutAsync(key, before);
                    await engine.CopyAsync(Bucket, key + "-source", ReadOptions.Default, Bucket, key, new UploadOptions(), null, ctrlC.Token);
                    break;
                default:
                    await PutAsync(key, content);
                    foreach (LabException failure in await new ObjectStore(client).RemoveAsync(Bucket, [key], ctrlC.Token))
                    {
                        throw failure;
                    }

                    break;
            }

            outcome = "done";
        }
        catch (LabException e)
        {
            Assert.DoesNotContain('\n', e.Message);
            outcome = "reported";
        }
        catch (OperationCanceledException) when (ctrlC.IsCancellationRequested)
        {
            outcome = "stopped";
        }

        await CheckAsync(work, outcome == "done", key, content, before, folder);
        return $"{work} {outcome}";
    }

    private async Task CheckAsync(string work, bool done, string key, byte[] content, string before, string folder)
    {
        if (work == "download")
        {
            // Under its name there is the whole file or none, and beside it nothing.
            Assert.Equal(done ? ["f"] : FilesIn(folder).Where(name => name == "f"), FilesIn(folder));
            if (FilesIn(folder).Length > 0)
            {
                Assert.Equal(content, File.ReadAllBytes(Path.Combine(folder, "f")));
            }

            return;
        }

        byte[]? stored;
        try
        {
            stored = await Content.ReadBytesAsync(Bucket, key, ReadOptions.Default, Token);
        }
        catch (LabException e) when (e.Code == "NoSuchKey")
        {
            stored = null;
        }

        if (done)
        {
            Assert.Equal(work == "delete" ? null : content, stored);
        }
        else if (stored is not null)
        {
            // What failed may have happened all the same, but never by half.
            Assert.True(stored.AsSpan().SequenceEqual(content) || System.Text.Encoding.UTF8.GetString(stored) == before);
        }
    }

    private static Func<ProxiedRequest, Fault> Plan(Random random)
    {
        Lock one = new();
        FaultKind[] kinds = [.. Enum.GetValues<FaultKind>().Where(kind => kind is not (FaultKind.None or FaultKind.Slow))];
        double rate = random.NextDouble() * 0.5;
        return request =>
        {
            lock (one)
            {
                if (random.NextDouble() > rate)
                {
                    return random.Next(20) == 0 ? new Fault(FaultKind.Slow) : Fault.None;
                }

                FaultKind kind = kinds[random.Next(kinds.Length)];
                return kind switch
                {
                    FaultKind.Status => new Fault(kind, random.Next(4) switch { 0 => 500, 1 => 502, 2 => 504, _ => 503 }),
                    // Who begins an upload and does not hear its id cannot take it back.
                    FaultKind.LoseAnswer or FaultKind.FlipAnswer or FaultKind.ResetAnswer or FaultKind.TruncateAnswer or FaultKind.StallAnswer
                        when request.Target.EndsWith("?uploads=", StringComparison.Ordinal) => Fault.None,
                    // Two seconds of silence each: rarely.
                    FaultKind.StallAnswer or FaultKind.StallAtOnce when random.Next(4) > 0 => new Fault(FaultKind.ResetAtOnce),
                    // An answer without a checksum of its own, which nobody can find out about.
                    FaultKind.FlipAnswer when request.Method != "GET" => new Fault(FaultKind.LoseAnswer),
                    _ => new Fault(kind, random.Next(100_000)),
                };
            }
        };
    }

    private sealed class Listener(ConcurrentQueue<string> warnings) : IReporter
    {
        public void Verbose(string message) { }

        public void Warning(string message) => warnings.Enqueue(message);

        public void Progress(ProgressUpdate update) { }
    }
}
