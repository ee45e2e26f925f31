namespace CloudLab.Emulator.Kubernetes.Schema;

/// <summary>What kind of value a field holds.</summary>
internal enum ShapeKind
{
    /// <summary>Any JSON, taken as one value: raw extensions.</summary>
    Any,

    /// <summary>Any JSON that nothing is known of; its maps are merged by name, its lists are one value.</summary>
    Deduced,

    String,
    Integer,
    Number,
    Boolean,
    Quantity,
    IntOrString,
    Time,
    MicroTime,
    Bytes,
    Object,
    List,
    Map,
}

/// <summary>The type of a value: what it holds, and how two of it are merged.</summary>
internal sealed class Shape
{
    public required ShapeKind Kind { get; init; }

    /// <summary>Of a list's items or a map's values.</summary>
    public Shape? Element { get; init; }

    /// <summary>Of an object.</summary>
    public TypeSchema? Type { get; init; }

    /// <summary>Property names that tell a list's items apart (server-side apply); none for a set or a list taken as one value.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>True for a list whose items are told apart by their value.</summary>
    public bool IsSet { get; init; }

    /// <summary>True for an object or map that is taken as one value.</summary>
    public bool IsAtomic { get; init; }

    /// <summary>Key of a strategic merge patch; empty for lists of plain values; null where the list is replaced.</summary>
    public string? MergeKey { get; init; }

    /// <summary>True where a strategic merge patch can name the keys to retain.</summary>
    public bool RetainsKeys { get; init; }

    /// <summary>True for a map, an object or unknown content whose members have owners of their own.</summary>
    public bool IsGranularMap =>
        !IsAtomic && Type?.IsAtomic != true && (Kind is ShapeKind.Map or ShapeKind.Object or ShapeKind.Deduced);

    /// <summary>True for a list whose items have owners of their own.</summary>
    public bool IsKeyedList => Kind == ShapeKind.List && (IsSet || Keys.Count > 0);

    public static Shape Deduced { get; } = new() { Kind = ShapeKind.Deduced };

    /// <summary>The shape of a member; <see cref="Deduced"/> if nothing is known of it.</summary>
    public Shape Member(string name) => Kind switch
    {
        ShapeKind.Object => Type!.Fields.TryGetValue(name, out FieldSchema? field) ? field.Shape : Deduced,
        ShapeKind.Map => Element!,
        _ => Deduced,
    };

    /// <summary>What the schema says of a member; null if it does not know it.</summary>
    public FieldSchema? Field(string name) => Kind == ShapeKind.Object && Type!.Fields.TryGetValue(name, out FieldSchema? field) ? field : null;

    public Shape Item() => Element ?? Deduced;
}

/// <summary>An object type and its fields.</summary>
internal sealed class TypeSchema(string name)
{
    public string Name { get; } = name;

    public bool IsAtomic { get; set; }

    /// <summary>True where fields that are not listed are kept (custom resources).</summary>
    public bool KeepsUnknown { get; set; }

    public Dictionary<string, FieldSchema> Fields { get; } = new(StringComparer.Ordinal);
}

/// <summary>One field of a type.</summary>
internal sealed class FieldSchema(string name, Shape shape)
{
    public string Name { get; } = name;

    public Shape Shape { get; } = shape;

    public bool Required { get; init; }

    /// <summary>True for an object that is always there, if only empty.</summary>
    public bool IsValue { get; init; }

    public string? Default { get; init; }

    /// <summary>True for a plain value that is always there, if only zero or empty.</summary>
    public bool HasZero { get; init; }

    public IReadOnlyList<string> Enum { get; init; } = [];

    /// <summary>Number in protobuf; with a dot where JSON has the inner message's fields in the outer one.</summary>
    public string? Number { get; init; }

    /// <summary>True where a zero is not the same as nothing.</summary>
    public bool IsPointer { get; init; }
}
