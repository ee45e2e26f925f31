using CloudLab.Core.Common.Streams;
using Xunit;

namespace CloudLab.Tests.Common;

[Trait("Area", "Kubernetes")]
public sealed class SpoolQueueTests
{
    [Fact]
    public async Task Pieces_keep_their_order_through_memory_and_file()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        using SpoolQueue queue = new(100);
        int added = 0, taken = 0;
        for (int round = 0; round < 3; round++)
        {
            // More than fits in memory, then some that come while the file is half read, then all of them.
            Add(20);
            await TakeAsync(12);
            Add(20);
            await TakeAsync(28);
        }

        queue.Complete(null);
        Assert.Null(await queue.NextAsync(token));
        Assert.Null(await queue.NextAsync(token));

        void Add(int count)
        {
            for (int i = 0; i < count; i++, added++)
            {
                queue.Add((byte)added, Enumerable.Repeat((byte)added, 10 + (added % 7)).ToArray());
            }
        }

        async Task TakeAsync(int count)
        {
            for (int i = 0; i < count; i++, taken++)
            {
                (byte mark, byte[] bytes) = (await queue.NextAsync(token))!.Value;
                Assert.Equal((byte)taken, mark);
                Assert.Equal(Enumerable.Repeat((byte)taken, 10 + (taken % 7)), bytes);
            }
        }
    }

    [Fact]
    public async Task A_broken_end_is_heard_after_the_last_piece()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        using SpoolQueue queue = new(1);
        queue.Add(1, "abc"u8);
        queue.Complete(new IOException("gone"));
        Assert.Equal("abc"u8.ToArray(), (await queue.NextAsync(token))!.Value.Bytes);
        Assert.Equal("gone", (await Assert.ThrowsAsync<IOException>(async () => await queue.NextAsync(token))).Message);
    }
}
