using CloudLab.Core.Storage.Sync;
using Xunit;

namespace CloudLab.Tests.Storage.Sync;

[Trait("Area", "Storage")]
public sealed class DeletionSpoolTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(10_000)]
    [InlineData(10_001)]
    [InlineData(35_000)]
    public void What_goes_in_comes_out_in_order(int count)
    {
        using DeletionSpool spool = new();
        SyncEntry[] entries = [.. Enumerable.Range(0, count).Select(i => new SyncEntry($"{i}/ü😀\ud800\n", i, default))];
        foreach (SyncEntry entry in entries)
        {
            spool.Add(entry);
        }

        Assert.Equal(count, spool.Count);
        Assert.Equal(entries, spool.Read());
        Assert.Equal(entries, spool.Read());
    }
}
