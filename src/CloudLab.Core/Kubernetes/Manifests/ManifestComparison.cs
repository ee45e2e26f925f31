using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using DiffPlex;
using DiffPlex.Model;

namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>How an object of the cluster and a manifest relate.</summary>
public enum ComparisonStatus
{
    /// <summary>The cluster has it as the manifest wants it.</summary>
    Unchanged,

    /// <summary>The cluster has it otherwise.</summary>
    Changed,

    /// <summary>The cluster does not have it.</summary>
    Created,
}

/// <summary>What a deployment would make of one object. Values of Secrets are masked.</summary>
public sealed record ManifestComparison
{
    private const int Context = 3;

    /// <summary>Whether it would be created, changed or left as it is.</summary>
    public required ComparisonStatus Status { get; init; }

    /// <summary>Group and version: <c>apps/v1</c>.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>Kind: <c>Deployment</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Namespace; null where the kind has none.</summary>
    public string? Namespace { get; init; }

    /// <summary>The fields that would change.</summary>
    public required IReadOnlyList<ManifestChange> Changes { get; init => field = TextList.Of(value); }

    /// <summary>File that asks for it, or <c>input</c>.</summary>
    public required string Source { get; init; }

    /// <summary>Number of the document in that file, from 1.</summary>
    public required int Document { get; init; }

    /// <summary>Line on which the document begins, from 1; 0 for objects.</summary>
    public required int Line { get; init; }

    /// <summary>The difference as a unified diff of YAML, without colours; empty where there is none.</summary>
    public string Diff => string.Join('\n', Lines());

    internal JsonObject? Before { get; init; }

    internal JsonObject After { get; init; } = [];

    /// <summary>The difference as lines of a unified diff.</summary>
    /// <returns>The lines; each begins with <c>-</c>, <c>+</c>, a space or <c>@@</c>.</returns>
    public IEnumerable<string> Lines()
    {
        if (Status == ComparisonStatus.Unchanged)
        {
            yield break;
        }

        string before = Before is null ? "" : Text(Before), after = Text(After);
        DiffResult diff = Differ.Instance.CreateLineDiffs(before, after, ignoreWhitespace: false);
        string title = $"{Kind}/{Name}{(Namespace is null ? "" : $" in namespace {Namespace}")}";
        yield return Before is null ? "--- (does not exist)" : $"--- {title} (cluster)";
        yield return $"+++ {title} ({Source}{(Line == 0 ? "" : $" line {Line}")})";
        for (int i = 0; i < diff.DiffBlocks.Count;)
        {
            // Blocks whose context would overlap are one hunk.
            int last = i;
            while (last + 1 < diff.DiffBlocks.Count && diff.DiffBlocks[last + 1].DeleteStartA - EndOf(diff.DiffBlocks[last]) <= 2 * Context)
            {
                last++;
            }

            int start = Math.Max(0, diff.DiffBlocks[i].DeleteStartA - Context), end = Math.Min(diff.PiecesOld.Count, EndOf(diff.DiffBlocks[last]) + Context);
            int shift = diff.DiffBlocks[i].InsertStartB - diff.DiffBlocks[i].DeleteStartA;
            int longer = diff.DiffBlocks.Skip(i).Take(last - i + 1).Sum(block => block.InsertCountB - block.DeleteCountA);
            yield return $"@@ -{(end == start ? 0 : start + 1)},{end - start} +{start + shift + 1},{end - start + longer} @@";
            int at = start;
            for (; i <= last; i++)
            {
                DiffBlock block = diff.DiffBlocks[i];
                for (; at < block.DeleteStartA; at++)
                {
                    yield return " " + diff.PiecesOld[at];
                }

                for (; at < EndOf(block); at++)
                {
                    yield return "-" + diff.PiecesOld[at];
                }

                for (int added = 0; added < block.InsertCountB; added++)
                {
                    yield return "+" + diff.PiecesNew[block.InsertStartB + added];
                }
            }

            for (; at < end; at++)
            {
                yield return " " + diff.PiecesOld[at];
            }
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Kind}/{Name}";

    /// <summary>Compares two states of an object.</summary>
    /// <param name="item">The object.</param>
    /// <param name="before">What the cluster has; null for nothing.</param>
    /// <param name="after">What it would have.</param>
    /// <returns>The comparison.</returns>
    internal static ManifestComparison Of(ResolvedItem item, JsonObject? before, JsonObject after)
    {
        JsonObject? old = before is null ? null : ObjectApplier.Essence(before);
        JsonObject now = ObjectApplier.Essence(after);
        if (item.Resource is { Kind: "Secret", Group: "" })
        {
            Mask(old, now);
        }

        List<ManifestChange> changes = ManifestChange.Between(old, now);
        return new ManifestComparison
        {
            Status = before is null ? ComparisonStatus.Created : changes.Count > 0 ? ComparisonStatus.Changed : ComparisonStatus.Unchanged,
            ApiVersion = item.Resource.ApiVersion,
            Kind = item.Resource.Kind,
            Name = item.Item.Name,
            Namespace = item.Namespace,
            Changes = changes,
            Source = item.Item.Source,
            Document = item.Item.Document,
            Line = item.Item.Line,
            Before = old,
            After = now,
        };
    }

    // As kubectl diff: whether a value differs is told, and not how.
    private static void Mask(JsonObject? before, JsonObject after)
    {
        foreach (string field in new[] { "data", "stringData" })
        {
            JsonObject old = before?.Object(field) ?? [], now = after.Object(field) ?? [];
            foreach (string key in old.Select(pair => pair.Key).Union(now.Select(pair => pair.Key)).ToArray())
            {
                bool both = old.ContainsKey(key) && now.ContainsKey(key), same = both && JsonNode.DeepEquals(old[key], now[key]);
                if (old.ContainsKey(key))
                {
                    old[key] = both && !same ? "*** (before)" : "***";
                }

                if (now.ContainsKey(key))
                {
                    now[key] = both && !same ? "*** (after)" : "***";
                }
            }
        }
    }

    private static int EndOf(DiffBlock block) => block.DeleteStartA + block.DeleteCountA;

    // Without the mark that begins a document: a line of dashes would read as one that is taken out.
    private static string Text(JsonObject content) => ManifestText.Write(content)["---\n".Length..];
}
