namespace CloudLab.Core.Common.Yaml;

/// <summary>Where and why a text is no YAML or JSON.</summary>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column, from 1.</param>
/// <param name="Reason">What is wrong, without a full stop.</param>
internal sealed record SyntaxProblem(int Line, int Column, string Reason);
