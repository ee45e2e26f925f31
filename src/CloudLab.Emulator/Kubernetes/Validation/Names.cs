using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Emulator.Kubernetes.Api;

namespace CloudLab.Emulator.Kubernetes.Validation;

/// <summary>Rules for names, labels and keys, in the server's words.</summary>
internal static partial class Names
{
    public const string SubdomainRule = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    private const string LabelRule = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
    private const string LabelValueRule = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
    private const string QualifiedRule = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    private const string ConfigKeyRule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

    public static void Label(string field, string name, List<FieldError> errors) => Check(field, name, 63, LabelPattern(), LabelRule, errors);

    public static void Subdomain(string field, string name, List<FieldError> errors) => Check(field, name, 253, SubdomainPattern(), SubdomainRule, errors);

    public static void ConfigKey(string field, string name, List<FieldError> errors) => Check(field, name, 253, ConfigKeyPattern(), ConfigKeyRule, errors);

    public static void Labels(JsonNode? labels, string field, List<FieldError> errors)
    {
        foreach ((string key, string value) in labels.Strings())
        {
            Qualified(field, key, errors);
            Check(field, value, 63, LabelValuePattern(), LabelValueRule, errors, "bytes");
        }
    }

    public static void Qualified(string field, string key, List<FieldError> errors)
    {
        string[] parts = key.Split('/');
        if (parts.Length > 2)
        {
            errors.Add(FieldError.Invalid(field, key, QualifiedRule.Replace("name part", "a qualified name", StringComparison.Ordinal)
                + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"));
            return;
        }

        if (parts.Length == 2 && parts[0].Length == 0)
        {
            errors.Add(FieldError.Invalid(field, key, "prefix part must be non-empty"));
        }
        else if (parts.Length == 2 && !SubdomainPattern().IsMatch(parts[0]))
        {
            errors.Add(FieldError.Invalid(field, key, "prefix part " + SubdomainRule));
        }

        if (parts[^1].Length == 0)
        {
            errors.Add(FieldError.Invalid(field, key, "name part must be non-empty"));
        }
        else if (parts[^1].Length > 63)
        {
            errors.Add(FieldError.Invalid(field, key, "name part must be no more than 63 bytes"));
        }

        if (!QualifiedPattern().IsMatch(parts[^1]))
        {
            errors.Add(FieldError.Invalid(field, key, QualifiedRule));
        }
    }

    private static void Check(string field, string text, int most, Regex pattern, string rule, List<FieldError> errors, string unit = "bytes")
    {
        if (text.Length > most)
        {
            errors.Add(FieldError.Invalid(field, text, $"must be no more than {most} {unit}"));
        }

        if (!pattern.IsMatch(text))
        {
            errors.Add(FieldError.Invalid(field, text, rule));
        }
    }

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\z")]
    private static partial Regex LabelPattern();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z")]
    private static partial Regex SubdomainPattern();

    [GeneratedRegex(@"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\z")]
    private static partial Regex QualifiedPattern();

    [GeneratedRegex(@"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\z")]
    private static partial Regex LabelValuePattern();

    [GeneratedRegex(@"^[-._a-zA-Z0-9]+\z")]
    private static partial Regex ConfigKeyPattern();
}
