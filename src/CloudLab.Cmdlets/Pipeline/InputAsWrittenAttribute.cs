namespace CloudLab.Cmdlets.Pipeline;

/// <summary>
/// Marks a pipeline parameter that takes text for what it is, not for names or objects: the command <c>cloudlab</c> hands it what
/// standard input brings as it was written. In PowerShell it has no effect.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class InputAsWrittenAttribute : Attribute
{
    /// <summary>Whether bytes are wanted, whatever they mean. Else it is lines, unless the input begins as JSON.</summary>
    public bool Bytes { get; init; }

    /// <summary>Parameters that speak of text: where one of them is given, it is lines all the same.</summary>
    public string[] LinesWith { get; init; } = [];
}
