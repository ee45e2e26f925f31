namespace CloudLab.Host.Help;

/// <summary>The help of one cmdlet. Names and code in its texts stand between backticks.</summary>
internal sealed class HelpPage
{
    /// <summary>Verb and noun.</summary>
    public required string Name { get; init; }

    /// <summary>What it belongs to: Storage, Identity, …</summary>
    public string Area { get; init; } = "";

    /// <summary>Other names of the cmdlet.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>One sentence.</summary>
    public required string Synopsis { get; init; }

    /// <summary>Paragraphs.</summary>
    public IReadOnlyList<string> Description { get; init; } = [];

    /// <summary>Parameter sets, the default first.</summary>
    public IReadOnlyList<HelpSyntax> Syntax { get; init; } = [];

    /// <summary>Parameters by name.</summary>
    public IReadOnlyList<HelpParameter> Parameters { get; init; } = [];

    /// <summary>What can be piped in.</summary>
    public IReadOnlyList<HelpType> Inputs { get; init; } = [];

    /// <summary>What comes out.</summary>
    public IReadOnlyList<HelpType> Outputs { get; init; } = [];

    /// <summary>Examples.</summary>
    public IReadOnlyList<HelpExample> Examples { get; init; } = [];

    /// <summary>Related cmdlets, and pages by their addresses.</summary>
    public IReadOnlyList<string> Links { get; init; } = [];
}

/// <summary>One parameter set.</summary>
/// <param name="Parameters">Names in the order in which they are written, and how each stands in this set.</param>
internal sealed record HelpSyntax(IReadOnlyList<HelpSyntaxParameter> Parameters);

/// <summary>A parameter in a parameter set.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Short name of its type; null for a switch.</param>
/// <param name="Required">Whether it must be given.</param>
/// <param name="Position">Its position from 0, or null.</param>
internal sealed record HelpSyntaxParameter(string Name, string? Type, bool Required, int? Position);

/// <summary>A parameter.</summary>
internal sealed class HelpParameter
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Short name of its type; <c>SwitchParameter</c> for a switch.</summary>
    public required string Type { get; init; }

    /// <summary>Full name of its type.</summary>
    public required string FullType { get; init; }

    /// <summary>What it is, in paragraphs.</summary>
    public IReadOnlyList<string> Description { get; init; } = [];

    /// <summary>Short forms and other names.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Whether every set that has it wants it.</summary>
    public bool Required { get; init; }

    /// <summary>Position from 0, or null.</summary>
    public int? Position { get; init; }

    /// <summary>Takes a whole input object.</summary>
    public bool FromPipeline { get; init; }

    /// <summary>Takes the property of its name from input objects.</summary>
    public bool FromPropertyName { get; init; }

    /// <summary>What it is when left out, or null.</summary>
    public string? Default { get; init; }

    /// <summary>The values that it takes, where they are few; else what they must be.</summary>
    public IReadOnlyList<string> Accepted { get; init; } = [];

    /// <summary>Whether <c>*</c> and <c>?</c> mean something.</summary>
    public bool Wildcards { get; init; }

    /// <summary>The sets that have it; empty where all have.</summary>
    public IReadOnlyList<string> Sets { get; init; } = [];
}

/// <summary>A type that goes in or comes out.</summary>
/// <param name="Name">Its full name.</param>
/// <param name="Description">What it is.</param>
internal sealed record HelpType(string Name, string Description);

/// <summary>An example.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Code">Commands.</param>
/// <param name="Remarks">What there is to say about it.</param>
internal sealed record HelpExample(string Title, string Code, IReadOnlyList<string> Remarks);
