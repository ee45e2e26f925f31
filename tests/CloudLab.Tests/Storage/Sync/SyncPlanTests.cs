using System.Runtime.CompilerServices;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Sync;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Tests.Storage.Listing;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CloudLab.Tests.Storage.Sync;

[Trait("Area", "Storage")]
public sealed class SyncPlanTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(5, 0, 5, 3, SyncDecision.Skip, SyncReason.Unchanged)]
    [InlineData(5, 3, 5, 0, SyncDecision.Transfer, SyncReason.SourceNewer)]
    [InlineData(5, 0, 6, 3, SyncDecision.Transfer, SyncReason.SizeDiffers)]
    [InlineData(0, 0, 0, 3, SyncDecision.Skip, SyncReason.Unchanged)]
    [InlineData(5, 0, 5, 0, SyncDecision.Compare, SyncReason.ContentDiffers)]
    [InlineData(5, 0, 5, 2, SyncDecision.Compare, SyncReason.ContentDiffers)]
    [InlineData(5, 2, 5, 0, SyncDecision.Compare, SyncReason.ContentDiffers)]
    public void Size_and_time_decide(long size, int seconds, long targetSize, int targetSeconds, SyncDecision decision, SyncReason reason) =>
        Decides(decision, reason, At("f", size, seconds), At("f", targetSize, targetSeconds), new SyncRules());

    [Theory]
    [InlineData(SyncComparison.Size, 5, 1, 5, 0, SyncDecision.Skip, SyncReason.Unchanged)]
    [InlineData(SyncComparison.Size, 5, 0, 6, 1, SyncDecision.Transfer, SyncReason.SizeDiffers)]
    [InlineData(SyncComparison.Checksum, 5, 0, 5, 1, SyncDecision.Compare, SyncReason.ContentDiffers)]
    [InlineData(SyncComparison.Checksum, 5, 0, 6, 1, SyncDecision.Transfer, SyncReason.SizeDiffers)]
    public void Other_comparisons_leave_the_time_out_of_account(
        SyncComparison comparison, long size, int seconds, long targetSize, int targetSeconds, SyncDecision decision, SyncReason reason) =>
        Decides(decision, reason, At("f", size, seconds), At("f", targetSize, targetSeconds), new SyncRules { Comparison = comparison });

    [Fact]
    public void Update_keeps_what_is_newer_at_the_destination()
    {
        SyncRules rules = new() { Update = true };
        Decides(SyncDecision.Skip, SyncReason.TargetNewer, At("f", 5, 0), At("f", 6, 1), rules);
        Decides(SyncDecision.Transfer, SyncReason.SizeDiffers, At("f", 5, 1), At("f", 6, 1), rules);
        Decides(SyncDecision.Skip, SyncReason.Unchanged, At("f", 5, 0), At("f", 5, 3), rules);
        Decides(SyncDecision.Transfer, SyncReason.Missing, At("f", 5, 0), null, rules);
    }

    [Fact]
    public void A_file_that_is_not_older_than_its_object_proves_nothing_by_its_date()
    {
        SyncRules rules = new() { Direction = TransferDirection.Download };
        SyncEntry fine = new("f", 1, Noon.AddMilliseconds(750)), file = new("f", 1, Noon);
        Decides(SyncDecision.Compare, SyncReason.ContentDiffers, fine, file, rules);
        Decides(SyncDecision.Compare, SyncReason.ContentDiffers, fine, file with { LastModified = Noon.AddHours(1) }, rules);
        Decides(SyncDecision.Transfer, SyncReason.SourceNewer, fine with { LastModified = Noon.AddSeconds(3) }, file, rules);

        // Where the service keeps no checksum the date is all there is: that of the object's header, in whole seconds; a listing may be finer.
        Assert.Equal(SyncReason.Unchanged, SyncPlan.Decide(fine, file, rules).Otherwise);
        Assert.Equal(SyncReason.SourceNewer, SyncPlan.Decide(fine with { LastModified = Noon.AddSeconds(1) }, file, rules).Otherwise);
        Assert.Equal(SyncReason.NotComparable, SyncPlan.Decide(fine, file, new SyncRules { Direction = TransferDirection.Upload }).Otherwise);
    }

    [Fact]
    public void Tags_of_plain_objects_tell_whether_a_copy_is_the_same()
    {
        SyncRules rules = new() { Direction = TransferDirection.Copy };
        string one = new('a', 32), other = new('b', 32);
        SyncEntry source = new("f", 1, Noon.AddHours(1), one), copy = new("f", 1, Noon, one);
        Decides(SyncDecision.Skip, SyncReason.Unchanged, source, copy, rules);
        Decides(SyncDecision.Compare, SyncReason.ContentDiffers, source with { ETag = other, LastModified = Noon.AddHours(-1) }, copy, rules);
        Decides(SyncDecision.Transfer, SyncReason.SourceNewer, source with { ETag = one + "-2" }, copy, rules);
        Decides(SyncDecision.Compare, SyncReason.ContentDiffers, source with { ETag = one + "-2", LastModified = Noon }, copy, rules);
    }

    [Theory]
    [InlineData(TransferDirection.Upload, SyncDecision.Skip, SyncDecision.Skip, SyncDecision.Delete)]
    [InlineData(TransferDirection.Download, SyncDecision.Transfer, SyncDecision.Skip, SyncDecision.Skip)]
    [InlineData(TransferDirection.Copy, SyncDecision.Transfer, SyncDecision.Transfer, SyncDecision.Delete)]
    public void Folders_are_what_each_end_can_have(
        TransferDirection direction, SyncDecision onlySource, SyncDecision both, SyncDecision onlyTarget)
    {
        SyncRules rules = new() { Direction = direction, Delete = true };
        Assert.Equal(onlySource, SyncPlan.Decide(At("d/", 0, 1), null, rules).Decision);
        Assert.Equal(both, SyncPlan.Decide(At("d/", 0, 1), At("d/", 0, 0), rules).Decision);
        Assert.Equal(onlyTarget, SyncPlan.Decide(null, At("d/", 0, 0), rules).Decision);
    }

    [Fact]
    public void Only_Delete_deletes()
    {
        Assert.Equal((SyncDecision.Skip, SyncReason.NotInSource), (Decide(false).Decision, Decide(false).Reason));
        Assert.Equal((SyncDecision.Delete, SyncReason.NotInSource), (Decide(true).Decision, Decide(true).Reason));

        static SyncStep Decide(bool delete) => SyncPlan.Decide(null, At("f", 1, 0), new SyncRules { Delete = delete });
    }

    [Fact]
    public void Each_name_is_decided_once_in_order_and_what_is_done_makes_both_ends_the_same()
    {
        Gen<string> name = Gen.NonEmptyListOf(Gen.Elements(KeyOrderTests.Pieces)).Select(string.Concat);
        Gen<SyncEntry> entry = from n in name from size in Gen.Choose(0, 2) from second in Gen.Choose(0, 2) select At(n, size, second);
        Gen<SyncEntry[]> end = Gen.ListOf(entry).Select(list =>
            list.DistinctBy(e => e.Name).OrderBy(e => e.Name, KeyOrder.Instance).ToArray());
        Gen<SyncRules> rules =
            from comparison in Gen.Elements(SyncComparison.SizeAndTime, SyncComparison.Size)
            from update in Gen.Elements(true, false)
            select new SyncRules { Comparison = comparison, Update = update, Delete = true, Direction = TransferDirection.Copy };
        Prop.ForAll((from s in end from t in end from r in rules select (s, t, r)).ToArbitrary(), input =>
        {
            SyncStep[] steps = [.. PlanAsync(input.s, input.t, input.r).ToBlockingEnumerable(TestContext.Current.CancellationToken)];
            Assert.Equal(
                input.s.Concat(input.t).Select(e => e.Name).Distinct(StringComparer.Ordinal).Order(KeyOrder.Instance), steps.Select(step => step.Entry.Name));
            Dictionary<string, SyncEntry> target = input.t.ToDictionary(e => e.Name), source = input.s.ToDictionary(e => e.Name);
            foreach (SyncStep step in steps)
            {
                if (step.Decision == SyncDecision.Delete)
                {
                    Assert.True(target.Remove(step.Entry.Name));
                }
                else if (step.Decision is SyncDecision.Transfer or SyncDecision.Compare)
                {
                    target[step.Entry.Name] = step.Entry with { LastModified = Noon.AddSeconds(9) };
                }
            }

            Assert.Equal(source.Keys.Order(KeyOrder.Instance), target.Keys.Order(KeyOrder.Instance));
            Assert.All(source.Values, e => Assert.True(
                target[e.Name].Size == e.Size || (input.r.Update && target[e.Name].LastModified > e.LastModified)));

            // Now there is nothing left to do.
            SyncEntry[] made = [.. target.Values.OrderBy(e => e.Name, KeyOrder.Instance)];
            Assert.All(
                PlanAsync(input.s, made, input.r).ToBlockingEnumerable(TestContext.Current.CancellationToken),
                step => Assert.Equal(SyncDecision.Skip, step.Decision));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public async Task Nothing_is_read_ahead_of_the_steps()
    {
        int readSource = 0, readTarget = 0;
        int steps = 0;
        await foreach (SyncStep _ in SyncPlan.CompareAsync(Count(n => readSource = n), Count(n => readTarget = n), new SyncRules(), TestContext.Current.CancellationToken))
        {
            steps++;
            Assert.Equal((steps, steps), (readSource, readTarget));
            if (steps == 1000)
            {
                break;
            }
        }

        static async IAsyncEnumerable<SyncEntry> Count(Action<int> read)
        {
            await Task.CompletedTask;
            for (int i = 1; ; i++)
            {
                read(i);
                yield return At($"{i:d9}", i, 0);
            }
        }
    }

    [Theory]
    [InlineData("b", "a")]
    [InlineData("a", "a")]
    [InlineData("😀", "\uffee")]
    public async Task An_end_that_is_not_sorted_is_refused(string first, string second)
    {
        SyncEntry[] unsorted = [At(first, 1, 0), At(second, 1, 0)];
        foreach ((SyncEntry[] source, SyncEntry[] target) in new[] { (unsorted, Array.Empty<SyncEntry>()), ([], unsorted) })
        {
            LabException e = await Assert.ThrowsAsync<LabException>(async () => await ToListAsync(PlanAsync(source, target, new SyncRules { Delete = true })));
            Assert.Equal("ListingNotSorted", e.Code);
        }
    }

    [Fact]
    public async Task An_end_that_fails_fails_the_plan_and_the_other_end_comes_to_rest()
    {
        bool rested = false;
        await Assert.ThrowsAsync<IOException>(async () => await ToListAsync(
            SyncPlan.CompareAsync(Fails(), Slow(), new SyncRules(), TestContext.Current.CancellationToken)));
        Assert.True(rested);

        static async IAsyncEnumerable<SyncEntry> Fails()
        {
            await Task.Yield();
            yield return At("a", 1, 0);
            throw new IOException("gone");
        }

        async IAsyncEnumerable<SyncEntry> Slow([EnumeratorCancellation] CancellationToken cancellation = default)
        {
            try
            {
                for (int i = 0; i < 100; i++)
                {
                    await Task.Delay(1, cancellation);
                    yield return At($"a{i:d3}", 1, 0);
                }
            }
            finally
            {
                rested = true;
            }
        }
    }

    private static SyncEntry At(string name, long size, int seconds) => new(name, size, Noon.AddSeconds(seconds));

    private static void Decides(SyncDecision decision, SyncReason reason, SyncEntry source, SyncEntry? target, SyncRules rules)
    {
        SyncStep step = SyncPlan.Decide(source, target, rules);
        Assert.Equal((decision, reason), (step.Decision, step.Reason));
    }

    private static IAsyncEnumerable<SyncStep> PlanAsync(SyncEntry[] source, SyncEntry[] target, SyncRules rules) =>
        SyncPlan.CompareAsync(source.ToAsyncEnumerable(), target.ToAsyncEnumerable(), rules, TestContext.Current.CancellationToken);

    private static async Task<List<T>> ToListAsync<T>(IAsyncEnumerable<T> values)
    {
        List<T> all = [];
        await foreach (T value in values)
        {
            all.Add(value);
        }

        return all;
    }
}
