using System.Threading.Channels;
using CloudLab.Core.Kubernetes.Manifests;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Manifests;

/// <summary>The order in which results of a deployment are told.</summary>
[Trait("Area", "Kubernetes")]
public sealed class ResultQueueTests
{
    [Fact]
    public async Task What_was_applied_but_still_waited_for_is_told_at_the_end_once()
    {
        ManifestItem[] items = [.. "abcd".Select(name => ManifestReader.ReadText($"{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}}}", name.ToString()).Single())];
        Channel<ManifestOutcome> told = Channel.CreateUnbounded<ManifestOutcome>();
        ResultQueue queue = new();
        queue.Expect(items);
        await queue.AddAsync(items[1], Result("b") with { State = "Ready" }, told.Writer, default);
        await queue.SkipAsync(items[3], told.Writer, default);
        foreach (ManifestItem item in items[..2].Append(items[3]))
        {
            queue.Note(item, Result(item.Name));
        }

        await queue.FlushAsync(told.Writer, default);
        told.Writer.Complete();
        ManifestResult[] results = [.. (await told.Reader.ReadAllAsync(TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken)).Select(outcome => outcome.Result!)];
        Assert.Equal([("a", null), ("b", "Ready")], results.Select(result => (result.Name, result.State)));
    }

    private static ManifestResult Result(string name) =>
        new() { Action = ManifestAction.Created, ApiVersion = "v1", Kind = "Pod", Name = name, Source = name, Document = 1, Line = 1 };
}
