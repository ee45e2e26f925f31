using System.Collections;
using System.Management.Automation;
using System.Security;
using System.Text;

namespace CloudLab.Host.Arguments;

/// <summary>
/// Turns typed text into what the engine's binder converts to a parameter's type: text, except where PowerShell has a notation
/// that a shell does not.
/// </summary>
internal static class ArgumentValue
{
    /// <summary>Makes the value.</summary>
    /// <param name="parameter">The parameter's name, for messages; null for a positional argument.</param>
    /// <param name="type">Its type.</param>
    /// <param name="typed">What was typed, once or, where it takes several values, several times.</param>
    /// <returns>The value.</returns>
    public static object? Of(string? parameter, Type type, IReadOnlyList<string> typed)
    {
        string name = parameter is null ? $"'{typed[0]}'" : "-" + parameter;
        if (IsMap(type))
        {
            return Pairs(name, typed);
        }

        if (IsMany(type))
        {
            return typed.SelectMany(t => Divide(t, ',')).ToArray();
        }

        string text = typed[0];
        Type inner = Nullable.GetUnderlyingType(type) ?? type;
        return inner == typeof(bool) || inner == typeof(SwitchParameter) ? Flag(text)
            : inner == typeof(PSCredential) ? SecretArgument.Credential(name, text)
            : inner == typeof(SecureString) ? SecretArgument.Secret(name, text)
            : inner == typeof(ScriptBlock) ? ScriptBlock.Create(text.StartsWith('{') && text.EndsWith('}') ? text[1..^1] : text)
            : text;
    }

    /// <summary>Whether values of a parameter may come one by one.</summary>
    /// <param name="type">The parameter's type.</param>
    /// <returns>True for lists and for <c>name=value</c>.</returns>
    public static bool Repeats(Type type) => IsMap(type) || IsMany(type);

    /// <summary>
    /// Whether the next argument belongs to the same parameter: a shell divides <c>a, b</c>, which PowerShell does not.
    /// </summary>
    /// <param name="type">The parameter's type.</param>
    /// <param name="typed">What was typed.</param>
    /// <returns>True where the parameter takes several values and this ends with a comma that divides.</returns>
    public static bool GoesOn(Type type, string typed) => Repeats(type) && typed.Length > 0 && Divide(typed, ',').Last().Length == 0;

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
            foreach (string pair in literal ? Divide(one[2..^1], ';') : Divide(one, ','))
            {
                int equals = pair.IndexOf('=', StringComparison.Ordinal);
                if (equals <= 0)
                {
                    throw new UsageException($"{name} takes name=value, not '{pair}'.");
                }

                string value = pair[(equals + 1)..];
                map[pair[..equals].Trim()] = literal ? value.Trim().Trim('\'', '"') : value;
            }
        }

        return map;
    }

    private static IEnumerable<string> Divide(string text, char divider)
    {
        StringBuilder part = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] == divider)
            {
                part.Append(text[++i]);
            }
            else if (text[i] == divider)
            {
                yield return part.ToString();
                part.Clear();
            }
            else
            {
                part.Append(text[i]);
            }
        }

        yield return part.ToString();
    }
}
