using System.Text;

namespace CloudLab.Host.Help;

/// <summary>A cmdlet's help for a terminal.</summary>
internal static class HelpText
{
    private const string Indent = "    ";

    /// <summary>Makes the text.</summary>
    /// <param name="page">The help.</param>
    /// <param name="width">Characters in a line.</param>
    /// <returns>The text.</returns>
    public static string Of(HelpPage page, int width)
    {
        StringBuilder text = new();
        Section("NAME");
        Wrapped(page.Name + (page.Aliases.Count > 0 ? ", " + string.Join(", ", page.Aliases) : "") + " - " + page.Synopsis, Indent);
        Section("SYNTAX");
        foreach (HelpSyntax syntax in page.Syntax)
        {
            Wrapped(SyntaxText.Of("cloudlab " + page.Name, syntax), Indent);
        }

        if (page.Description.Count > 0)
        {
            Section("DESCRIPTION");
            Paragraphs(page.Description, Indent);
        }

        Section("PARAMETERS");
        foreach (HelpParameter parameter in page.Parameters)
        {
            text.Append(Indent).Append('-').Append(parameter.Name);
            text.Append(parameter.Type == "SwitchParameter" ? "" : $" <{parameter.Type}>").Append('\n');
            Paragraphs(parameter.Description, Indent + Indent, "\n");
            foreach (string fact in Facts(parameter))
            {
                Wrapped(fact, Indent + Indent);
            }

            text.Append('\n');
        }

        Section("INPUT");
        Types(page.Inputs);
        Section("OUTPUT");
        Types(page.Outputs);
        Section("EXAMPLES");
        foreach (HelpExample example in page.Examples)
        {
            Wrapped(example.Title, Indent);
            text.Append('\n');
            foreach (string line in example.Code.Split('\n'))
            {
                text.Append(Indent).Append(Indent).Append(line).Append('\n');
            }

            text.Append('\n');
            if (example.Remarks.Count > 0)
            {
                Paragraphs(example.Remarks, Indent);
            }
        }

        if (page.Links.Count > 0)
        {
            Section("RELATED");
            Wrapped(string.Join(", ", page.Links), Indent);
        }

        return text.ToString().TrimEnd('\n') + "\n";

        void Section(string name)
        {
            if (text.Length > 0 && text[^1] == '\n' && (text.Length < 2 || text[^2] != '\n'))
            {
                text.Append('\n');
            }

            text.Append(name).Append('\n');
        }

        void Paragraphs(IEnumerable<string> paragraphs, string indent, string between = "\n\n")
        {
            bool first = true;
            foreach (string paragraph in paragraphs)
            {
                if (!first && between.Length > 1)
                {
                    text.Append('\n');
                }

                first = false;
                foreach (string line in paragraph.Split('\n'))
                {
                    Wrapped(line, indent);
                }
            }

            if (between.Length > 1)
            {
                text.Append('\n');
            }
        }

        void Types(IReadOnlyList<HelpType> types)
        {
            foreach (HelpType type in types)
            {
                Wrapped(type.Name + (type.Description.Length > 0 ? ": " + type.Description : ""), Indent);
            }

            if (types.Count == 0)
            {
                Wrapped("None.", Indent);
            }
        }

        void Wrapped(string words, string indent)
        {
            int room = Math.Max(20, width - indent.Length);
            string rest = words;
            while (rest.Length > room)
            {
                int space = rest.LastIndexOf(' ', room);
                int end = space > 0 ? space : room;
                text.Append(indent).Append(rest, 0, end).Append('\n');
                rest = rest[end..].TrimStart(' ');
            }

            text.Append(indent).Append(rest).Append('\n');
        }
    }

    private static IEnumerable<string> Facts(HelpParameter parameter)
    {
        List<string> facts = [];
        if (parameter.Required)
        {
            facts.Add("required");
        }

        if (parameter.Type.EndsWith("[]", StringComparison.Ordinal))
        {
            facts.Add("repeated for several");
        }

        if (parameter.Position is { } position)
        {
            facts.Add($"position {position}");
        }

        if (parameter.FromPipeline || parameter.FromPropertyName)
        {
            facts.Add("from input" + (parameter.FromPipeline ? "" : " by name"));
        }

        if (parameter.Aliases.Count > 0)
        {
            facts.Add("also " + string.Join(", ", parameter.Aliases.Select(a => "-" + a)));
        }

        if (parameter.Default is { } value)
        {
            facts.Add("default " + value);
        }

        if (parameter.Wildcards)
        {
            facts.Add("wildcards");
        }

        if (parameter.Accepted.Count > 0)
        {
            yield return MamlFile.AcceptedLine(parameter);
        }

        if (facts.Count > 0)
        {
            yield return "(" + string.Join("; ", facts) + ")";
        }
    }
}
