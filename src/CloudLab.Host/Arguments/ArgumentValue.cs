using System.Collections;
using System.Management.Automation;
using System.Security;

namespace CloudLab.Host.Arguments;

/// <summary>
/// Turns typed text into what the engine's binder converts to a parameter's type: text, except where PowerShell has a notation
/// that a shell does not. One argument is one value, as it was typed: a shell takes the quotes away, so that nobody can tell the comma of a
/// list from that of a name. Only where no value can have one, in numbers and in words of a fixed list, does a comma divide.
/// </summary>
internal static class ArgumentValue
{
    /// <summary>Makes the value.</summary>
    /// <param name="parameter">The parameter's name, for messages.</param>
    /// <param name="type">Its type.</param>
    /// <param name="attributes">Its attributes.</param>
    /// <param name="typed">What was typed, once or, where it takes several values, several times.</param>
    /// <returns>The value.</returns>
    public static object? Of(string parameter, Type type, IEnumerable<Attribute> attributes, IReadOnlyList<string> typed)
    {
        string name = "-" + parameter;
        if (IsMap(type))
        {
            return Pairs(name, typed);
        }

        if (IsMany(type))
        {
            return (Divides(type, attributes) ? typed.SelectMany(t => t.Split(',')) : typed).Select(t => Number(name, type.GetElementType(), t)).ToArray();
        }

        string text = typed[0];
        Type inner = Nullable.GetUnderlyingType(type) ?? type;
        return inner == typeof(bool) || inner == typeof(SwitchParameter) ? Flag(text)
            : inner == typeof(PSCredential) ? SecretArgument.Credential(name, text)
            : inner == typeof(SecureString) ? SecretArgument.Secret(name, text)
            : inner == typeof(ScriptBlock) ? ScriptBlock.Create(text.StartsWith('{') && text.EndsWith('}') ? text[1..^1] : text)
            : Number(name, inner, text);
    }

    /// <summary>Whether values of a parameter may come one by one.</summary>
    /// <param name="type">The parameter's type.</param>
    /// <returns>True for lists and for <c>name=value</c>.</returns>
    public static bool Repeats(Type type) => IsMap(type) || IsMany(type);

    /// <summary>
    /// Whether an argument looks like the beginning of PowerShell's <c>a, b</c>, which a shell makes two arguments of.
    /// </summary>
    /// <param name="type">The parameter's type.</param>
    /// <param name="typed">What was typed.</param>
    /// <returns>True where the parameter takes several values and this ends with a comma.</returns>
    public static bool BeginsList(Type type, string typed) => Repeats(type) && typed.EndsWith(',');

    /// <summary>Whether a comma divides the values of a parameter.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="attributes">Its attributes.</param>
    /// <returns>True where no value can have a comma.</returns>
    public static bool Divides(Type type, IEnumerable<Attribute> attributes) =>
        type.GetElementType() is { } one && (one.IsPrimitive || one.IsEnum || attributes.OfType<ValidateSetAttribute>().Any());

    /// <summary>The words for yes and no; others are left to the engine, which refuses them.</summary>
    /// <param name="text">What was typed.</param>
    /// <returns>A truth value, or the text.</returns>
    public static object Flag(string text) => text.TrimStart('$').ToUpperInvariant() switch
    {
        "TRUE" or "1" => true,
        "FALSE" or "0" => false,
        _ => text,
    };

    private static bool IsMap(Type type) => typeof(IDictionary).IsAssignableFrom(type)
        || (type.IsGenericType && type.GetGenericTypeDefinition() is { } open
            && (open == typeof(IDictionary<,>) || open == typeof(IReadOnlyDictionary<,>)));

    private static bool IsMany(Type type) =>
        type.IsArray || (type.IsGenericType && typeof(IEnumerable).IsAssignableFrom(type));

    private static Hashtable Pairs(string name, IReadOnlyList<string> typed)
    {
        Hashtable map = new(StringComparer.OrdinalIgnoreCase);
        foreach (string one in typed)
        {
            // PowerShell's own form is understood too, so that a line can serve both: @{team=lab;stage=test}
            bool literal = one.StartsWith("@{", StringComparison.Ordinal) && one.EndsWith('}');
            foreach (string pair in literal ? Entries(one[2..^1]) : [one])
            {
                int equals = pair.IndexOf('=', StringComparison.Ordinal);
                if (equals <= 0)
                {
                    throw new UsageException($"{name} takes name=value, not '{pair}'.");
                }

                map[Bare(pair[..equals])] = literal ? Bare(pair[(equals + 1)..]) : pair[(equals + 1)..];
            }
        }

        return map;
    }

    // What stands between semicolons that are not quoted.
    private static IEnumerable<string> Entries(string text)
    {
        int start = 0;
        char quote = '\0';
        for (int i = 0; i < text.Length; i++)
        {
            if (quote != '\0' ? text[i] == quote : text[i] is '\'' or '"')
            {
                quote = quote != '\0' ? '\0' : text[i];
            }
            else if (quote == '\0' && text[i] == ';')
            {
                yield return text[start..i];
                start = i + 1;
            }
        }

        yield return text[start..];
    }

    private static string Bare(string text)
    {
        string word = text.Trim();
        return word.Length > 1 && word[0] is '\'' or '"' && word[^1] == word[0] ? word[1..^1] : word;
    }

    // The engine would read 1,5 as fifteen and nothing at all, such as an empty variable of the shell, as 0.
    private static string Number(string name, Type? type, string text) =>
        type is null || !IsNumber(type) || (!string.IsNullOrWhiteSpace(text) && !text.Contains(',', StringComparison.Ordinal)) ? text
            : throw new UsageException($"{name} takes a number, not '{text}': write it without separators of thousands, and with a dot before decimals.");

    private static bool IsNumber(Type type) => !type.IsEnum && Type.GetTypeCode(type) is >= TypeCode.SByte and <= TypeCode.Decimal;
}
