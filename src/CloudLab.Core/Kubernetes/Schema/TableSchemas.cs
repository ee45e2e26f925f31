namespace CloudLab.Core.Kubernetes.Schema;

/// <summary>Makes schemas of the module's table.</summary>
internal static class TableSchemas
{
    private static readonly Lazy<(IReadOnlyList<(string ApiVersion, string Kind, SchemaNode? Schema)> Kinds, SchemaNode Metadata)> Read = new(Load);

    /// <summary>The kinds of Kubernetes itself.</summary>
    public static IReadOnlyList<(string ApiVersion, string Kind, SchemaNode? Schema)> Kinds => Read.Value.Kinds;

    /// <summary>The metadata of any object.</summary>
    public static SchemaNode Metadata => Read.Value.Metadata;

    private static (IReadOnlyList<(string ApiVersion, string Kind, SchemaNode? Schema)> Kinds, SchemaNode Metadata) Load()
    {
        Dictionary<string, SchemaNode> types = new(StringComparer.Ordinal);
        HashSet<(string ApiVersion, string Kind, string Type)> kinds = [];
        using StreamReader reader = KubernetesTable.Open();
        SchemaNode type = new();
        while (reader.ReadLine() is { } line)
        {
            switch (line[0])
            {
                case 'R':
                    string[] parts = line.Split('|');
                    kinds.Add((parts[1].Length == 0 ? parts[2] : $"{parts[1]}/{parts[2]}", parts[5], parts[10]));
                    break;
                case 'T':
                    type = Type(line.Split(' ')[1]);
                    break;
                case ' ':
                    AddField(type, line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
                    break;
            }
        }

        return ([.. kinds.Select(kind => (kind.ApiVersion, kind.Kind, types.GetValueOrDefault(kind.Type)))], Type("meta.v1.ObjectMeta"));

        SchemaNode Type(string name)
        {
            if (!types.TryGetValue(name, out SchemaNode? known))
            {
                types[name] = known = new SchemaNode { Type = SchemaType.Object, Name = name[(name.LastIndexOf('.') + 1)..], Required = new List<string>() };
            }

            return known;
        }

        void AddField(SchemaNode owner, string[] words)
        {
            SchemaNode field = Shape(words[1]);
            foreach (string word in words.Skip(2))
            {
                int equals = word.IndexOf('=', StringComparison.Ordinal);
                string value = equals < 0 ? "" : word[(equals + 1)..];
                switch (equals < 0 ? word : word[..equals])
                {
                    case "required":
                        ((List<string>)owner.Required).Add(words[0]);
                        break;
                    case "set":
                        field.IsSet = true;
                        break;
                    case "default":
                        field.Default = value;
                        break;
                    case "keys":
                        field.Keys = value.Split(',');
                        break;
                    case "enum":
                        (field.Type == SchemaType.List ? field.Element! : field).Enum = KubernetesTable.Values(value);
                        break;
                }
            }

            owner.Fields[words[0]] = field;
        }

        SchemaNode Shape(string text) => text[0] switch
        {
            '[' => new SchemaNode { Type = SchemaType.List, Element = Shape(text[1..^1]) },
            '<' => new SchemaNode { Type = SchemaType.Map, Element = Shape(text[1..^1]) },
            '@' => Type(text[1..]),
            _ => new SchemaNode { Type = text is "microTime" ? SchemaType.Time : Enum.Parse<SchemaType>(text, ignoreCase: true) },
        };
    }
}
