using System.Text.RegularExpressions;

namespace CloudLab.Core.Kubernetes.Schema;

/// <summary>What kind of value a field holds.</summary>
internal enum SchemaType
{
    /// <summary>Anything.</summary>
    Any,
    Object,
    Map,
    List,
    String,
    Integer,
    Number,
    Boolean,
    Quantity,
    IntOrString,
    Time,
    Bytes,
}

/// <summary>What a value must be like. Types contain themselves, so a node is filled after it was made.</summary>
internal sealed class SchemaNode
{
    /// <summary>A node that takes anything.</summary>
    public static SchemaNode Any { get; } = new();

    /// <summary>What kind of value it is.</summary>
    public SchemaType Type { get; set; }

    /// <summary>True for a schema of a custom resource: the server validates it as JSON, while Go decodes its own types, which takes null for nothing.</summary>
    public bool IsCustom { get; set; }

    /// <summary>Fields of an object.</summary>
    public Dictionary<string, SchemaNode> Fields { get; } = new(StringComparer.Ordinal);

    /// <summary>Names of fields that must be there.</summary>
    public IReadOnlyList<string> Required { get; set; } = [];

    /// <summary>Items of a list or values of a map.</summary>
    public SchemaNode? Element { get; set; }

    /// <summary>Whether fields that are not listed are kept.</summary>
    public bool KeepsUnknown { get; set; }

    /// <summary>Whether null is a value, too.</summary>
    public bool IsNullable { get; set; }

    /// <summary>Value where there is none.</summary>
    public string? Default { get; set; }

    /// <summary>Fields by which the items of a list are told apart.</summary>
    public IReadOnlyList<string> Keys { get; set; } = [];

    /// <summary>Whether a list must not have an item twice.</summary>
    public bool IsSet { get; set; }

    /// <summary>The values that are allowed, as text; none where all are.</summary>
    public IReadOnlyList<string> Enum { get; set; } = [];

    /// <summary>What else a value must be like; null where nothing else is asked for.</summary>
    public SchemaLimits? Limits { get; set; }

    /// <summary>Where the name of the type is of use: <c>Deployment</c>.</summary>
    public string? Name { get; set; }
}

/// <summary>What a schema demands of values beside their type.</summary>
internal sealed class SchemaLimits
{
    /// <summary>Pattern of a string; null where there is none, or one that only Go understands.</summary>
    public Lazy<Regex?>? Pattern { get; init; }

    /// <summary>The pattern as it is written.</summary>
    public string? PatternText { get; init; }

    /// <summary>Format of a string or number: <c>date-time</c>, <c>int32</c>.</summary>
    public string? Format { get; init; }

    /// <summary>Least and most: of a number, and of the count of characters, items and fields.</summary>
    public double? Minimum { get; init; }

    /// <inheritdoc cref="Minimum"/>
    public double? Maximum { get; init; }

    /// <summary>Whether <see cref="Minimum"/> itself is too small.</summary>
    public bool ExclusiveMinimum { get; init; }

    /// <summary>Whether <see cref="Maximum"/> itself is too great.</summary>
    public bool ExclusiveMaximum { get; init; }

    /// <summary>What a number must be a multiple of.</summary>
    public double? MultipleOf { get; init; }

    /// <inheritdoc cref="Minimum"/>
    public long? MinLength { get; init; }

    /// <inheritdoc cref="Minimum"/>
    public long? MaxLength { get; init; }

    /// <inheritdoc cref="Minimum"/>
    public long? MinItems { get; init; }

    /// <inheritdoc cref="Minimum"/>
    public long? MaxItems { get; init; }

    /// <inheritdoc cref="Minimum"/>
    public long? MinFields { get; init; }

    /// <inheritdoc cref="Minimum"/>
    public long? MaxFields { get; init; }

    /// <summary>Schemas of which all must fit.</summary>
    public IReadOnlyList<SchemaNode> AllOf { get; init; } = [];

    /// <summary>Schemas of which one at least must fit.</summary>
    public IReadOnlyList<SchemaNode> AnyOf { get; init; } = [];

    /// <summary>Schemas of which exactly one must fit.</summary>
    public IReadOnlyList<SchemaNode> OneOf { get; init; } = [];

    /// <summary>A schema that must not fit.</summary>
    public SchemaNode? Not { get; init; }
}
