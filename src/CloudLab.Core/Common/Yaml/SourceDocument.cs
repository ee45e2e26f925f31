using System.Text.Json.Nodes;

namespace CloudLab.Core.Common.Yaml;

/// <summary>One document of a YAML or JSON text: its content, or what is wrong with it.</summary>
/// <param name="Number">Number in the text, from 1; empty documents count, as an editor's reader counts them.</param>
/// <param name="Line">Line on which its content begins, from 1.</param>
/// <param name="Content">The content; null where it could not be read.</param>
/// <param name="Problem">What is wrong with it, or null.</param>
internal sealed record SourceDocument(int Number, int Line, JsonNode? Content, SyntaxProblem? Problem);
