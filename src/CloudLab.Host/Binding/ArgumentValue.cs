using System.Collections;
using System.Management.Automation;
using System.Security;
using System.Text;

namespace CloudLab.Host.Binding;

/// <summary>Turns what was typed for a parameter into what the binder converts to the parameter's type.</summary>
internal static class ArgumentValue
{
    /// <summary>Makes the value.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="typed">What was typed, once or, where it takes several values, several times.</param>
    /// <returns>The value.</returns>
    public static object? Of(ParameterModel parameter, IReadOnlyList<string> typed)
    {
        if (parameter.Type == typeof(PSCredential))
        {
            return SecretArgument.Credential(parameter, typed[0]);
        }

        if (parameter.Type == typeof(SecureString))
        {
            return SecretArgument.Secret(parameter, typed[0]);
        }

        if (parameter.IsDictionary)
        {
            return Pairs(parameter, typed);
        }

        if (parameter.IsMany)
        {
            return typed.SelectMany(t => Divide(t, ',')).ToArray();
        }

        return typed.Count == 1
            ? typed[0]
            : throw new ParameterBindingException("ParameterAlreadyBound", parameter.Name, $"-{parameter.Name} takes one value.");
    }

    private static Hashtable Pairs(ParameterModel parameter, IReadOnlyList<string> typed)
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
                    throw new ParameterBindingException(
                        "CannotConvertArgumentNoMessage", parameter.Name, $"-{parameter.Name} takes name=value, not '{pair}'.");
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
