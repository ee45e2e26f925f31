using System.Text.Json.Nodes;

namespace CloudLab.Core.Common.Yaml;

/// <summary>One document of a YAML or JSON text: its content, or what is wrong with it.</summary>
/// <param name="Number">Number in the text, from 1; empty documents count, as an editor's reader counts them.</param>
/// <param name="Line">Line on which its content begins, from 1.</param>
/// <param name="Content">The content; null where it could not be read.</param>
/// <param name="Problem">What is wrong with it, or null.</param>
internal sealed record SourceDocument(int Number, int Line, JsonNode? Content, SyntaxProblem? Problem)
{
    /// <summary>Keys that stand more than once in the same mapping: the last one counts, as with kubectl.</summary>
    public IReadOnlyList<DuplicateKey> Duplicates { get; init; } = [];

    /// <summary>Where everything in the content stands; null unless it was asked for.</summary>
    public SourceMap? Map { get; init; }
}

/// <summary>A key that stands twice in the same mapping.</summary>
/// <param name="Key">The key.</param>
/// <param name="FirstLine">Line of the one that does not count, from 1.</param>
/// <param name="Line">Line of the one that counts, from 1.</param>
/// <param name="Column">Column of the one that counts, from 1.</param>
/// <param name="IsTop">Whether it is a key of the document itself.</param>
internal sealed record DuplicateKey(string Key, int FirstLine, int Line, int Column, bool IsTop)
{
    /// <inheritdoc/>
    public override string ToString() => $"the key '{Key}' occurs twice, on lines {FirstLine} and {Line}: the last one counts";
}
