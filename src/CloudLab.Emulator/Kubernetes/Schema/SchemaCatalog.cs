using CloudLab.Core.Kubernetes.Schema;
using CloudLab.Emulator.Kubernetes.Resources;

namespace CloudLab.Emulator.Kubernetes.Schema;

/// <summary>The built-in kinds, their types and columns, from the table that Core has of them.</summary>
internal sealed class SchemaCatalog
{
    private static readonly Lazy<SchemaCatalog> Instance = new(() => new SchemaCatalog());

    private readonly Dictionary<string, TypeSchema> types = new(StringComparer.Ordinal);
    private readonly List<ResourceKind> kinds = [];

    private SchemaCatalog()
    {
        using StreamReader reader = KubernetesTable.Open();
        TypeSchema? type = null;
        List<TableColumn> columns = [];
        while (reader.ReadLine() is { } line)
        {
            switch (line[0])
            {
                case 'V':
                    Version = line[2..];
                    break;
                case 'R':
                    columns = [];
                    kinds.Add(ReadKind(line.Split('|'), columns));
                    break;
                case 'C':
                    string[] parts = line.Split('|');
                    columns.Add(new TableColumn(parts[1], parts[2], parts[3], int.Parse(parts[4]), ""));
                    break;
                case 'T':
                    string[] words = line.Split(' ');
                    type = Type(words[1]);
                    type.IsAtomic = words.Length > 2;
                    break;
                case ' ':
                    FieldSchema field = ReadField(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
                    type!.Fields[field.Name] = field;
                    break;
            }
        }
    }

    public static SchemaCatalog Default => Instance.Value;

    /// <summary>The Kubernetes version the table describes: <c>v1.36.2</c>.</summary>
    public string Version { get; } = "";

    public IReadOnlyList<ResourceKind> Kinds => kinds;

    public IEnumerable<TypeSchema> Types => types.Values;

    /// <summary>A type by its short name, <c>core.v1.PodSpec</c>.</summary>
    public TypeSchema Type(string name)
    {
        if (!types.TryGetValue(name, out TypeSchema? type))
        {
            types[name] = type = new TypeSchema(name);
        }

        return type;
    }

    public Shape ShapeOf(string typeName) => new() { Kind = ShapeKind.Object, Type = Type(typeName) };

    private static Subresource ReadSubresource(string text)
    {
        string[] parts = text.Split(':');
        string[] kind = parts[1].Split('/');

        // Groups such as policy/v1 hold no further slash.
        return new Subresource(parts[0], kind[0], kind[1], kind[2], parts[2].Split(','));
    }

    private ResourceKind ReadKind(string[] parts, List<TableColumn> columns) => new()
    {
        Group = parts[1],
        Version = parts[2],
        Name = parts[3],
        Singular = parts[4],
        Kind = parts[5],
        IsNamespaced = parts[6] == "Namespaced",
        Verbs = parts[7].Split(','),
        ShortNames = parts[8].Split(',', StringSplitOptions.RemoveEmptyEntries),
        Categories = parts[9].Split(',', StringSplitOptions.RemoveEmptyEntries),
        Shape = parts[10].Length == 0 ? Shape.Deduced : ShapeOf(parts[10]),
        Subresources = [.. parts[11].Split(';', StringSplitOptions.RemoveEmptyEntries).Select(ReadSubresource)],
        Columns = columns,
    };

    private FieldSchema ReadField(string[] words)
    {
        bool required = false, isValue = false, isSet = false, isAtomic = false, retains = false;
        bool isPointer = false, hasZero = false;
        string? fallback = null, merge = null, number = null;
        string[] keys = [], allowed = [];
        foreach (string word in words.Skip(2))
        {
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            string value = equals < 0 ? "" : word[(equals + 1)..];
            switch (equals < 0 ? word : word[..equals])
            {
                case "required":
                    required = true;
                    break;
                case "value":
                    isValue = true;
                    break;
                case "set":
                    isSet = true;
                    break;
                case "atomic":
                    isAtomic = true;
                    break;
                case "retain":
                    retains = true;
                    break;
                case "zero":
                    hasZero = true;
                    break;
                case "pointer":
                    isPointer = true;
                    break;
                case "n":
                    number = value;
                    break;
                case "default":
                    fallback = value;
                    break;
                case "merge":
                    merge = value;
                    break;
                case "keys":
                    keys = value.Split(',');
                    break;
                case "enum":
                    allowed = KubernetesTable.Values(value);
                    break;
            }
        }

        Shape plain = ReadShape(words[1]);
        Shape shape = new()
        {
            Kind = plain.Kind,
            Element = plain.Element,
            Type = plain.Type,
            IsSet = isSet,
            IsAtomic = isAtomic,
            Keys = keys,
            MergeKey = merge,
            RetainsKeys = retains,
        };
        return new FieldSchema(words[0], shape) { Required = required, IsValue = isValue, Default = fallback, Enum = allowed, Number = number, IsPointer = isPointer, HasZero = hasZero };
    }

    private Shape ReadShape(string text) => text[0] switch
    {
        '[' => new Shape { Kind = ShapeKind.List, Element = ReadShape(text[1..^1]) },
        '<' => new Shape { Kind = ShapeKind.Map, Element = ReadShape(text[1..^1]) },
        '@' => new Shape { Kind = ShapeKind.Object, Type = Type(text[1..]) },
        _ => new Shape { Kind = Enum.Parse<ShapeKind>(text, ignoreCase: true) },
    };
}
