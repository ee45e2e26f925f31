using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using CloudLab.Host.Help;

namespace CloudLab.Help;

/// <summary>Makes a cmdlet's help from its XML documentation and its attributes.</summary>
/// <param name="docs">The documentation.</param>
/// <param name="all">All cmdlets, for related ones.</param>
internal sealed partial class HelpBuilder(XmlDocs docs, IReadOnlyList<CommandModel> all)
{
    private static readonly Dictionary<string, string> TypeNames = new()
    {
        ["String"] = "string", ["Int32"] = "int", ["Int64"] = "long", ["Double"] = "double", ["Boolean"] = "bool", ["Object"] = "object",
        ["Decimal"] = "decimal", ["Byte"] = "byte", ["Single"] = "float",
    };

    /// <summary>Makes the help of one cmdlet.</summary>
    /// <param name="model">The cmdlet.</param>
    /// <returns>Its help.</returns>
    public HelpPage Build(CommandModel model)
    {
        XElement? text = docs.Of(model.Type);
        object defaults = Activator.CreateInstance(model.Type)!;
        using IDisposable? disposable = defaults as IDisposable;
        return new HelpPage
        {
            Name = model.Name,
            Area = model.Area,
            Aliases = model.Aliases,
            Synopsis = string.Join(' ', XmlDocs.Paragraphs(text?.Element("summary"))),
            Description = XmlDocs.Paragraphs(text?.Element("remarks")),
            Syntax = [.. model.Sets.OrderBy(s => s == model.DefaultSet ? 0 : 1).Select(s => Syntax(model, s))],
            Parameters = [.. Shown(model).Select(p => Parameter(model, p, defaults))
                .Concat(Confirmation(model)).OrderBy(p => p.Name, StringComparer.Ordinal)],
            Inputs = Inputs(model, text),
            Outputs = [.. model.Type.GetCustomAttributes<OutputTypeAttribute>().SelectMany(o => o.Type)
                .DistinctBy(t => t.Name).Select(t => new HelpType(t.Name, t.Type is { } type ? Summary(type) : ""))],
            Examples = [.. text?.Elements("example").Select(Example) ?? []],
            Links = [.. Links(model, text).Distinct()],
        };
    }

    private static IEnumerable<ParameterModel> Shown(CommandModel model) => model.Parameters.Where(p => !p.Sets.Values.All(s => s.DontShow));

    private static HelpExample Example(XElement example)
    {
        XElement? code = example.Element("code");
        XElement before = new("x", example.Nodes().TakeWhile(n => n != code));
        XElement after = new("x", code?.NodesAfterSelf());
        return new HelpExample(
            string.Join(' ', XmlDocs.Paragraphs(before)), code is null ? "" : XmlDocs.Code(code), XmlDocs.Paragraphs(after));
    }

    private static HelpSyntax Syntax(CommandModel model, string set) => new([
        .. model.Parameters
            .Select(p => (Parameter: p, Is: p.In(set)))
            .Where(p => p.Is is { DontShow: false })
            .OrderBy(p => p.Is!.Position >= 0 ? p.Is.Position : int.MaxValue)
            .ThenBy(p => p.Is!.Mandatory ? 0 : 1)
            .Select(p => new HelpSyntaxParameter(
                p.Parameter.Name, p.Parameter.IsSwitch ? null : ShortType(p.Parameter.Type), p.Is!.Mandatory, p.Is.Position >= 0 ? p.Is.Position : null)),
        .. Confirmation(model).Select(p => new HelpSyntaxParameter(p.Name, null, false, null)),
    ]);

    private HelpParameter Parameter(CommandModel model, ParameterModel parameter, object defaults)
    {
        ParameterAttribute[] sets = [.. model.Sets.Select(parameter.In).OfType<ParameterAttribute>()];
        return new HelpParameter
        {
            Name = parameter.Name,
            Type = parameter.IsSwitch ? nameof(SwitchParameter) : ShortType(parameter.Type),
            FullType = FullType(parameter.Type),
            Description = XmlDocs.Paragraphs(docs.Of(parameter.Property)?.Element("summary")) is { Count: > 0 } summary
                ? [.. summary, .. XmlDocs.Paragraphs(docs.Of(parameter.Property)?.Element("remarks"))]
                : [],
            Aliases = parameter.Aliases,
            Required = sets.Length > 0 && sets.All(s => s.Mandatory),
            Position = sets.Select(s => s.Position).Where(p => p >= 0).Cast<int?>().FirstOrDefault(),
            FromPipeline = sets.Any(s => s.ValueFromPipeline),
            FromPropertyName = sets.Any(s => s.ValueFromPipelineByPropertyName),
            Default = Default(parameter, defaults),
            Accepted = [.. Accepted(parameter)],
            Wildcards = parameter.Attributes<SupportsWildcardsAttribute>().Any(),
            Sets = parameter.Sets.ContainsKey(ParameterAttribute.AllParameterSets) || model.Sets.All(s => parameter.In(s) is not null)
                ? []
                : [.. parameter.Sets.Keys],
        };
    }

    private static IEnumerable<HelpParameter> Confirmation(CommandModel model) => !model.SupportsShouldProcess ? [] :
    [
        Switch("WhatIf", "wi", "Says what would be done and does nothing."),
        Switch("Confirm", "cf", model.ConfirmImpact == ConfirmImpact.High
            ? "Asks before each change; this cmdlet asks unless `-Confirm:$false` is given."
            : "Asks before each change."),
    ];

    private static HelpParameter Switch(string name, string alias, string description) => new()
    {
        Name = name,
        Type = nameof(SwitchParameter),
        FullType = typeof(SwitchParameter).FullName!,
        Description = [description],
        Aliases = [alias],
    };

    private static string? Default(ParameterModel parameter, object defaults)
    {
        if (parameter.Attributes<PSDefaultValueAttribute>().FirstOrDefault() is { } said)
        {
            return said.Help ?? Text(said.Value);
        }

        object? value = parameter.Property.GetMethod is { IsPublic: true } ? parameter.Property.GetValue(defaults) : null;
        bool nothing = value is null or "" or false or ICollection { Count: 0 } || (value is SwitchParameter flag && !flag)
            || (value is 0 or 0L or 0.0 && !parameter.Attributes<ValidateRangeAttribute>().Any());
        return nothing ? null : Text(value);
    }

    private static string? Text(object? value) => value is IEnumerable many and not string
        ? string.Join(", ", many.Cast<object>())
        : Convert.ToString(value, CultureInfo.InvariantCulture);

    private static IEnumerable<string> Accepted(ParameterModel parameter)
    {
        Type type = parameter.Type.IsArray ? parameter.Type.GetElementType()! : parameter.Type;
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (parameter.Attributes<ValidateSetAttribute>().FirstOrDefault() is { } set)
        {
            return set.ValidValues;
        }

        if (type.IsEnum)
        {
            return Enum.GetNames(type);
        }

        return parameter.Attributes<ValidateRangeAttribute>().Select(r => r switch
        {
            { MaxRange: int.MaxValue or long.MaxValue or double.MaxValue } => $"{Text(r.MinRange)} or more",
            _ => $"{Text(r.MinRange)} to {Text(r.MaxRange)}",
        });
    }

    /// <summary>What the author says of the input, else its types; and what it binds to, which the attributes know best.</summary>
    private static HelpType[] Inputs(CommandModel model, XElement? text)
    {
        ParameterModel[] byValue = [.. Shown(model).Where(p => p.Sets.Values.Any(s => s.ValueFromPipeline))];
        ParameterModel[] byName = [.. Shown(model).Where(p => p.Sets.Values.Any(s => s.ValueFromPipelineByPropertyName))];
        if (byValue.Length + byName.Length == 0)
        {
            return [];
        }

        string said = string.Join(' ', text?.Elements("inputtype").SelectMany(XmlDocs.Paragraphs) ?? []);
        string type = byValue.Length > 0 ? string.Join(" or ", byValue.Select(p => FullType(p.Type)).Distinct()) : "System.Object";
        if (LeadingType().Match(said) is { Success: true } leading)
        {
            type = leading.Groups[1].Value;
            said = said[leading.Length..].Trim();
            said = said.Length > 0 ? char.ToUpperInvariant(said[0]) + said[1..] : said;
        }

        string[] binds =
        [
            .. byValue.Length > 0 ? new[] { "by value to " + Names(byValue) } : [],
            .. byName.Length > 0 ? new[] { "by property name to " + Names(byName) } : [],
        ];
        return [new HelpType(type, $"{said} Binds {string.Join(", ", binds)}.".Trim())];

        static string Names(ParameterModel[] parameters) => string.Join(", ", parameters.Select(p => $"`-{p.Name}`"));
    }

    [GeneratedRegex(@"\A((?:System|CloudLab)(?:\.\w+)+(?:\[\])?)[:.]\s+")]
    private static partial Regex LeadingType();

    private string Summary(Type type) => string.Join(' ', XmlDocs.Paragraphs(docs.Of(type)?.Element("summary")));

    private IEnumerable<string> Links(CommandModel model, XElement? text)
    {
        foreach (XElement link in text?.Elements("seealso") ?? [])
        {
            yield return link.Attribute("href")?.Value ?? XmlDocs.ShortName(link.Attribute("cref")?.Value ?? "");
        }

        foreach (CommandModel relative in all.Where(m => m != model && m.Noun == model.Noun))
        {
            yield return relative.Name;
        }
    }

    private static string ShortType(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } under)
        {
            return ShortType(under);
        }

        return type.IsArray ? ShortType(type.GetElementType()!) + "[]"
            : type.IsGenericType ? type.Name.Split('`')[0] + "<" + string.Join(", ", type.GetGenericArguments().Select(ShortType)) + ">"
            : TypeNames.GetValueOrDefault(type.Name, type.Name);
    }

    private static string FullType(Type type) => Nullable.GetUnderlyingType(type) is { } under ? FullType(under)
        : type.IsGenericType ? ShortType(type)
        : type.FullName ?? type.Name;
}
