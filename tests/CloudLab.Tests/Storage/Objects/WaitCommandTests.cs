using System.Management.Automation;
using CloudLab.Core.Storage.Objects;
using CloudLab.Tests.Faults;
using Xunit;

namespace CloudLab.Tests.Storage.Objects;

[Trait("Area", "Storage")]
public sealed class WaitCommandsOnEmulatorTests() : WaitCommandTests(StorageServer.Emulator);

[Trait("Area", "Storage")]
[Trait("Server", "s3")]
public sealed class WaitCommandsOnCephTests() : WaitCommandTests(StorageServer.Ceph);

/// <summary>Waiting for buckets and objects. Scripts (-Until) need PowerShell: tests/Pester/StorageObjects.Tests.ps1.</summary>
public abstract class WaitCommandTests(StorageServer server) : StorageTest(server)
{
    [Fact]
    public async Task A_wait_in_vain_for_an_object_to_go_says_how_it_still_is()
    {
        await PutAsync("k", "12345");
        LabObjectMetadata there = await Objects.GetAsync(Bucket, "k", ReadOptions.Default, Token);
        ErrorRecord error = Assert.Single((await CmdletRunner.RunAsync("Wait-LabObject", new { Bucket, Key = "k", NotExists = true, Timeout = 0, Session })).Errors);
        Assert.StartsWith("WaitTimeout,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains($"it exists (5 bytes, ETag {there.ETag}, last modified {there.LastModified:yyyy-MM-dd HH:mm:ss}", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_appears_while_it_is_waited_for_comes_out_and_trouble_that_passes_does_not_end_the_wait()
    {
        int looks = 0;
        await using FaultProxy proxy = new(ServerUrl)
        {
            Plan = request =>
            {
                if (request.Method == "HEAD" && Interlocked.Increment(ref looks) == 3)
                {
                    PutAsync("late").GetAwaiter().GetResult();
                }

                return looks == 2 ? new Fault(FaultKind.Status, 500) : Fault.None;
            },
        };
        CmdletResult result = (await CmdletRunner.RunAsync(
            "Wait-LabObject", new { Bucket, Key = "late", Timeout = 60, PollInterval = 0.01, Session = await ConnectAsync(proxy.Url) })).Ok();
        Assert.Equal("late", Assert.Single(result.OutputOf<LabObjectMetadata>()).Key);
        Assert.True(looks >= 3);
    }
}
