using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Common.Waiting;
using Xunit;

namespace CloudLab.Tests.Common;

[Trait("Area", "Storage")]
public sealed class WaiterTests
{
    private static readonly WaitOptions Fast = new() { Timeout = TimeSpan.FromSeconds(30), PollInterval = TimeSpan.FromMilliseconds(1) };

    [Fact]
    public async Task It_looks_at_once_and_until_it_is_so()
    {
        int looks = 0;
        int seen = await WaitAsync(() => new Sighting<int>(++looks == 3, looks, "not yet"), Fast);
        Assert.Equal((3, 3), (seen, looks));
    }

    [Fact]
    public async Task Zero_time_looks_once_and_says_what_was_seen()
    {
        int looks = 0;
        LabException e = await Assert.ThrowsAsync<LabException>(() =>
            WaitAsync(() => new Sighting<int>(++looks < 0, 0, "1 of 3 replicas ready"), Fast with { Timeout = TimeSpan.Zero }));
        Assert.Equal(("WaitTimeout", 1), (e.Code, looks));
        Assert.Contains("1 of 3 replicas ready", e.Message, StringComparison.Ordinal);
        Assert.Equal("the thing", e.Target);
    }

    [Fact]
    public async Task Trouble_that_may_pass_does_not_end_the_wait_but_other_trouble_does()
    {
        int looks = 0;
        await WaitAsync(
            () => ++looks < 3 ? throw new LabException(LabErrorKind.ServiceFailed, "InternalError", "Oops.") : new Sighting<int>(true, 0, ""), Fast);
        Assert.Equal(3, looks);
        LabException e = await Assert.ThrowsAsync<LabException>(() =>
            WaitAsync(() => throw new LabException(LabErrorKind.AccessDenied, "AccessDenied", "No."), Fast));
        Assert.Equal("AccessDenied", e.Code);
    }

    private static Task<int> WaitAsync(Func<Sighting<int>> look, WaitOptions options) => Waiter.WaitAsync(
        "the thing to be there", "the thing", _ => Task.FromResult(look()), options, NullReporter.Instance, TestContext.Current.CancellationToken);
}
