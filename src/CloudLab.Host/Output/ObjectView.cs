namespace CloudLab.Host.Output;

/// <summary>How objects of a type are shown: a table, a row each, or a list, a block each.</summary>
internal sealed class ObjectView
{
    /// <summary>A list instead of a table.</summary>
    public bool IsList { get; init; }

    /// <summary>Long values go on in the next line instead of being cut.</summary>
    public bool Wrap { get; init; }

    /// <summary>Rows only.</summary>
    public bool HideHeaders { get; init; }

    /// <summary>The columns, or the lines of a block.</summary>
    public required IReadOnlyList<ViewColumn> Columns { get; init; }
}

/// <summary>One column.</summary>
/// <param name="Label">Its header.</param>
/// <param name="Width">Characters; null to fit the values.</param>
/// <param name="RightAligned">For numbers.</param>
/// <param name="Value">What stands in it.</param>
internal sealed record ViewColumn(string Label, int? Width, bool RightAligned, ViewExpression Value);
