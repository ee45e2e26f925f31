using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace CloudLab.Host.Help;

/// <summary>The help file that PowerShell's Get-Help reads, and from which <c>cloudlab help</c> reads too.</summary>
internal static class MamlFile
{
    private static readonly XNamespace Maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";
    private static readonly XNamespace Ours = "urn:cloudlab:help";

    /// <summary>Writes the help of all cmdlets.</summary>
    /// <param name="path">The file.</param>
    /// <param name="pages">The help.</param>
    public static void Write(string path, IEnumerable<HelpPage> pages)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using XmlWriter writer = XmlWriter.Create(path, new XmlWriterSettings { Indent = true, IndentChars = " " });
        writer.WriteStartElement("helpItems", "http://msh");
        writer.WriteAttributeString("schema", "maml");
        foreach (HelpPage page in pages)
        {
            ToElement(page).WriteTo(writer);
        }

        writer.WriteEndElement();
    }

    /// <summary>Reads areas, names and synopses.</summary>
    /// <param name="path">The file.</param>
    /// <returns>All three, by the file's order.</returns>
    public static IEnumerable<(string Area, string Name, string Synopsis)> ReadSynopses(string path)
    {
        using XmlReader reader = XmlReader.Create(path);
        while (reader.ReadToFollowing("command", Command.NamespaceName))
        {
            string area = reader.GetAttribute("area", Ours.NamespaceName) ?? "";
            reader.ReadToFollowing("details", Command.NamespaceName);
            XElement details = (XElement)XNode.ReadFrom(reader);
            yield return (area, details.Element(Command + "name")!.Value, details.Element(Maml + "description")!.Value.Trim());
        }
    }

    /// <summary>Reads the help of one cmdlet.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">Its name or an alias.</param>
    /// <returns>The help, or null.</returns>
    public static HelpPage? Read(string path, string name)
    {
        using XmlReader reader = XmlReader.Create(path);
        while (reader.ReadToFollowing("command", Command.NamespaceName))
        {
            // Both stand in attributes, so that nothing of the others needs to be read.
            string names = reader.GetAttribute("names", Ours.NamespaceName) ?? "";
            if (names.Split(' ').Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                return FromElement((XElement)XNode.ReadFrom(reader), names.Split(' ')[1..]);
            }
        }

        return null;
    }

    private static XElement ToElement(HelpPage page) => new(
        Command + "command",
        new XAttribute(XNamespace.Xmlns + "maml", Maml),
        new XAttribute(XNamespace.Xmlns + "command", Command),
        new XAttribute(XNamespace.Xmlns + "dev", Dev),
        new XAttribute(XNamespace.Xmlns + "cloudlab", Ours),
        new XAttribute(Ours + "area", page.Area),
        new XAttribute(Ours + "names", string.Join(' ', [page.Name, .. page.Aliases])),
        new XElement(
            Command + "details",
            new XElement(Command + "name", page.Name),
            new XElement(Maml + "description", new XElement(Maml + "para", Plain(page.Synopsis))),
            new XElement(Command + "verb", page.Name.Split('-')[0]),
            new XElement(Command + "noun", page.Name.Split('-')[1])),
        new XElement(Maml + "description", Paragraphs(page.Description)),
        new XElement(Command + "syntax", page.Syntax.Select(s => new XElement(
            Command + "syntaxItem",
            new XElement(Maml + "name", page.Name),
            s.Parameters.Select(p => SyntaxParameter(p, page.Parameters.First(q => q.Name == p.Name)))))),
        new XElement(Command + "parameters", page.Parameters.Select(Parameter)),
        new XElement(Command + "inputTypes", page.Inputs.Select(t => TypeElement("inputType", t))),
        new XElement(Command + "returnValues", page.Outputs.Select(t => TypeElement("returnValue", t))),
        new XElement(Command + "examples", page.Examples.Select((e, i) => new XElement(
            Command + "example",
            new XElement(Maml + "title", string.Create(CultureInfo.InvariantCulture, $"---------- Example {i + 1}: {Plain(e.Title)} ----------")),
            new XElement(Maml + "introduction"),
            new XElement(Dev + "code", e.Code),
            new XElement(Dev + "remarks", Paragraphs(e.Remarks))))),
        new XElement(Command + "relatedLinks", page.Links.Select(l => new XElement(
            Maml + "navigationLink",
            new XElement(Maml + "linkText", l),
            new XElement(Maml + "uri", l.Contains("://", StringComparison.Ordinal) ? l : "")))));

    private static XElement SyntaxParameter(HelpSyntaxParameter inSet, HelpParameter parameter) => new(
        Command + "parameter",
        new XAttribute("required", inSet.Required),
        new XAttribute("globbing", parameter.Wildcards),
        new XAttribute("pipelineInput", Pipeline(parameter)),
        new XAttribute("position", Position(inSet.Position)),
        new XAttribute("aliases", Aliases(parameter)),
        new XElement(Maml + "name", inSet.Name),
        inSet.Type is null ? null : new XElement(Command + "parameterValue", new XAttribute("required", true), inSet.Type));

    private static XElement Parameter(HelpParameter parameter) => new(
        Command + "parameter",
        new XAttribute("required", parameter.Required),
        new XAttribute("globbing", parameter.Wildcards),
        new XAttribute("pipelineInput", Pipeline(parameter)),
        new XAttribute("position", Position(parameter.Position)),
        new XAttribute("aliases", Aliases(parameter)),
        new XAttribute(Ours + "sets", string.Join(' ', parameter.Sets)),
        new XAttribute(Ours + "accepted", string.Join('|', parameter.Accepted)),
        new XElement(Maml + "name", parameter.Name),
        new XElement(
            Maml + "description",
            Paragraphs(parameter.Description),
            parameter.Accepted.Count > 0 ? new XElement(Maml + "para", AcceptedLine(parameter)) : null),
        new XElement(
            Command + "parameterValue",
            new XAttribute("required", parameter.Type != nameof(System.Management.Automation.SwitchParameter)), parameter.Type),
        new XElement(Dev + "type", new XElement(Maml + "name", parameter.FullType), new XElement(Maml + "uri")),
        new XElement(Dev + "defaultValue", parameter.Default ?? "None"));

    private static XElement TypeElement(string name, HelpType type) => new(
        Command + name,
        new XElement(Dev + "type", new XElement(Maml + "name", type.Name), new XElement(Maml + "uri")),
        new XElement(Maml + "description", new XElement(Maml + "para", Plain(type.Description))));

    private static IEnumerable<XElement> Paragraphs(IEnumerable<string> paragraphs) =>
        paragraphs.Select(p => new XElement(Maml + "para", Plain(p)));

    /// <summary>The accepted values of a parameter in a sentence.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <returns>The sentence.</returns>
    public static string AcceptedLine(HelpParameter parameter) => "Accepted values: " + string.Join(", ", parameter.Accepted) + ".";

    // A console shows code and text alike.
    private static string Plain(string text) => text.Replace("`", "", StringComparison.Ordinal);

    private static string Pipeline(HelpParameter parameter) => (parameter.FromPipeline, parameter.FromPropertyName) switch
    {
        (true, true) => "True (ByPropertyName, ByValue)",
        (true, false) => "True (ByValue)",
        (false, true) => "True (ByPropertyName)",
        _ => "False",
    };

    private static string Position(int? position) => position?.ToString(CultureInfo.InvariantCulture) ?? "named";

    private static string Aliases(HelpParameter parameter) => parameter.Aliases.Count > 0 ? string.Join(", ", parameter.Aliases) : "none";

    private static HelpPage FromElement(XElement command, string[] aliases) => new()
    {
        Area = command.Attribute(Ours + "area")!.Value,
        Name = command.Element(Command + "details")!.Element(Command + "name")!.Value,
        Aliases = aliases,
        Synopsis = command.Element(Command + "details")!.Element(Maml + "description")!.Value.Trim(),
        Description = Read(command.Element(Maml + "description")),
        Syntax = [.. command.Element(Command + "syntax")!.Elements(Command + "syntaxItem").Select(s => new HelpSyntax(
            [.. s.Elements(Command + "parameter").Select(p => new HelpSyntaxParameter(
                p.Element(Maml + "name")!.Value, p.Element(Command + "parameterValue")?.Value, (bool)p.Attribute("required")!, ReadPosition(p)))]))],
        Parameters = [.. command.Element(Command + "parameters")!.Elements(Command + "parameter").Select(ReadParameter)],
        Inputs = [.. command.Element(Command + "inputTypes")!.Elements().Select(ReadType)],
        Outputs = [.. command.Element(Command + "returnValues")!.Elements().Select(ReadType)],
        Examples = [.. command.Element(Command + "examples")!.Elements().Select(e => new HelpExample(
            e.Element(Maml + "title")!.Value.Trim('-', ' ') is var title && title.IndexOf(": ", StringComparison.Ordinal) is > 0 and var colon ? title[(colon + 2)..] : title,
            e.Element(Dev + "code")!.Value,
            Read(e.Element(Dev + "remarks"))))],
        Links = [.. command.Element(Command + "relatedLinks")!.Elements().Select(l => l.Element(Maml + "linkText")!.Value)],
    };

    private static HelpParameter ReadParameter(XElement parameter)
    {
        string[] accepted = parameter.Attribute(Ours + "accepted")!.Value.Split('|', StringSplitOptions.RemoveEmptyEntries);
        IReadOnlyList<string> description = Read(parameter.Element(Maml + "description"));
        return new HelpParameter
        {
            Name = parameter.Element(Maml + "name")!.Value,
            Type = parameter.Element(Command + "parameterValue")!.Value,
            FullType = parameter.Element(Dev + "type")!.Element(Maml + "name")!.Value,
            Description = accepted.Length > 0 ? [.. description.SkipLast(1)] : description,
            Aliases = parameter.Attribute("aliases")!.Value is var names and not "none" ? names.Split(", ") : [],
            Required = (bool)parameter.Attribute("required")!,
            Position = ReadPosition(parameter),
            FromPipeline = parameter.Attribute("pipelineInput")!.Value.Contains("ByValue", StringComparison.Ordinal),
            FromPropertyName = parameter.Attribute("pipelineInput")!.Value.Contains("ByPropertyName", StringComparison.Ordinal),
            Default = parameter.Element(Dev + "defaultValue")!.Value is var value and not "None" ? value : null,
            Accepted = accepted,
            Wildcards = (bool)parameter.Attribute("globbing")!,
            Sets = parameter.Attribute(Ours + "sets")!.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        };
    }

    private static int? ReadPosition(XElement parameter) =>
        int.TryParse(parameter.Attribute("position")!.Value, CultureInfo.InvariantCulture, out int position) ? position : null;

    private static HelpType ReadType(XElement type) => new(
        type.Element(Dev + "type")!.Element(Maml + "name")!.Value, type.Element(Maml + "description")!.Value.Trim());

    private static IReadOnlyList<string> Read(XElement? element) =>
        [.. element?.Elements(Maml + "para").Select(p => p.Value) ?? []];
}
