using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace CloudLab.Help;

/// <summary>The XML documentation that the compiler wrote, as paragraphs with code between backticks.</summary>
internal sealed partial class XmlDocs
{
    private readonly Dictionary<string, XElement> members = new(StringComparer.Ordinal);

    /// <summary>Reads the files of a folder.</summary>
    /// <param name="folder">The folder.</param>
    public XmlDocs(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder, "CloudLab.*.xml").Order(StringComparer.Ordinal))
        {
            foreach (XElement member in XDocument.Load(file, LoadOptions.PreserveWhitespace).Descendants("member"))
            {
                members.TryAdd(member.Attribute("name")!.Value, member);
            }
        }
    }

    /// <summary>What stands on a class.</summary>
    /// <param name="type">The class.</param>
    /// <returns>Its element, or null.</returns>
    public XElement? Of(Type type) => members.GetValueOrDefault("T:" + (type.FullName ?? type.Name).Replace('+', '.'));

    /// <summary>What stands on a property, on the one that it overrides, or on the one that its <c>inheritdoc</c> names.</summary>
    /// <param name="property">The property.</param>
    /// <returns>Its element, or null.</returns>
    public XElement? Of(PropertyInfo property)
    {
        for (Type? level = property.DeclaringType; level is not null; level = level.BaseType)
        {
            Type written = level.IsGenericType ? level.GetGenericTypeDefinition() : level;
            if (members.TryGetValue($"P:{written.FullName}.{property.Name}", out XElement? found) && Resolve(found) is { } text)
            {
                return text;
            }
        }

        return null;
    }

    private XElement? Resolve(XElement member)
    {
        HashSet<XElement> seen = [];
        for (XElement? at = member; at is not null && seen.Add(at);)
        {
            if (at.Element("inheritdoc") is not { } inherited)
            {
                return at;
            }

            at = inherited.Attribute("cref")?.Value is { } name ? members.GetValueOrDefault(name) : null;
        }

        return null;
    }

    /// <summary>The paragraphs of an element.</summary>
    /// <param name="element">The element, or null.</param>
    /// <returns>The paragraphs.</returns>
    public static IReadOnlyList<string> Paragraphs(XElement? element)
    {
        List<string> paragraphs = [];
        StringBuilder text = new();
        foreach (XNode node in element?.Nodes() ?? [])
        {
            if (node is XElement { Name.LocalName: "para" or "list" or "code" } block)
            {
                End();
                switch (block.Name.LocalName)
                {
                    case "list":
                        paragraphs.Add(string.Join('\n', block.Elements("item").Select(ListItem)));
                        break;
                    case "code":
                        paragraphs.Add("    " + Code(block).Replace("\n", "\n    ", StringComparison.Ordinal));
                        break;
                    default:
                        paragraphs.AddRange(Paragraphs(block));
                        break;
                }
            }
            else
            {
                Inline(node, text);
            }
        }

        End();
        return paragraphs;

        void End()
        {
            string paragraph = Spaces().Replace(text.ToString(), " ").Trim();
            text.Clear();
            if (paragraph.Length > 0)
            {
                paragraphs.Add(paragraph);
            }
        }
    }

    /// <summary>Commands as they stand, without the comment's indentation.</summary>
    /// <param name="code">The element.</param>
    /// <returns>Lines.</returns>
    public static string Code(XElement code)
    {
        string[] lines = code.Value.ReplaceLineEndings("\n").Trim('\n').TrimEnd().Split('\n');
        int indent = lines.Where(l => l.Trim().Length > 0).Select(l => l.Length - l.TrimStart().Length).DefaultIfEmpty(0).Min();
        return string.Join('\n', lines.Select(l => l.Length >= indent ? l[indent..].TrimEnd() : l.Trim()));
    }

    private static string ListItem(XElement item)
    {
        string term = string.Join(' ', Paragraphs(item.Element("term")));
        string description = string.Join(' ', Paragraphs(item.Element("description") ?? (item.HasElements ? null : item)));
        return "- " + (term.Length > 0 && description.Length > 0 ? term + ": " + description : term + description);
    }

    private static void Inline(XNode node, StringBuilder text)
    {
        switch (node)
        {
            case XText plain:
                text.Append(plain.Value);
                break;
            case XElement { Name.LocalName: "c" } code:
                text.Append('`').Append(code.Value).Append('`');
                break;
            case XElement { Name.LocalName: "see" or "seealso" or "paramref" or "typeparamref" } reference:
                text.Append(Reference(reference));
                break;
            case XElement other:
                foreach (XNode inner in other.Nodes())
                {
                    Inline(inner, text);
                }

                break;
        }
    }

    private static string Reference(XElement reference)
    {
        if (reference.Value.Length > 0)
        {
            return reference.Value;
        }

        if ((reference.Attribute("href") ?? reference.Attribute("langword") ?? reference.Attribute("name"))?.Value is { } word)
        {
            return reference.Attribute("href") is null ? "`" + word + "`" : word;
        }

        return "`" + ShortName(reference.Attribute("cref")?.Value ?? "") + "`";
    }

    /// <summary>What a reader calls the thing that a cref names.</summary>
    /// <param name="cref">The compiler's name for it.</param>
    /// <returns>A cmdlet's name, a parameter's with its dash, else the last part of the name.</returns>
    public static string ShortName(string cref)
    {
        string[] parts = cref.Split('(')[0].Split('.');
        string last = parts[^1];
        if (cref.StartsWith("T:", StringComparison.Ordinal) && CommandClass().Match(last) is { Success: true } command)
        {
            return command.Groups[1].Value + "-" + command.Groups[2].Value;
        }

        return cref.StartsWith("P:CloudLab.Cmdlets.", StringComparison.Ordinal) ? "-" + last : last;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"\A([A-Z][a-z]+)([A-Z]\w*)Command\z")]
    private static partial Regex CommandClass();
}
