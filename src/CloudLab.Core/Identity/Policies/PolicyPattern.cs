using System.Text;

namespace CloudLab.Core.Identity.Policies;

/// <summary>Wildcards and variables of policy texts.</summary>
internal static class PolicyPattern
{
    // A pattern's own wildcards, told apart from the same characters in the value of a variable. These two code
    // points are noncharacters: no text has them.
    internal const char Any = '\uFFFF';
    internal const char One = '\uFFFE';

    /// <summary>
    /// Puts the request's values for the variables of a text: <c>${aws:username}</c>, <c>${key, 'default'}</c>,
    /// <c>${*}</c>, <c>${?}</c>, <c>${$}</c>
    /// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html).
    /// </summary>
    /// <param name="text">The text as the policy has it.</param>
    /// <param name="context">The request's values, or null to leave variables as they are.</param>
    /// <param name="wildcards">Whether <c>*</c> and <c>?</c> of the text are wildcards.</param>
    /// <returns>The text, or null when a variable has no value: then its statement cannot match.</returns>
    public static string? Expand(string text, PolicyContext? context, bool wildcards)
    {
        if (context is null || !text.Contains('$', StringComparison.Ordinal))
        {
            return wildcards ? text.Replace('*', Any).Replace('?', One) : text;
        }

        StringBuilder result = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            int end;
            if (c == '$' && i + 1 < text.Length && text[i + 1] == '{'
                && (end = text.IndexOf('}', i)) > 0)
            {
                if (Value(text[(i + 2)..end], context) is not { } value)
                {
                    return null;
                }

                result.Append(value);
                i = end;
            }
            else
            {
                result.Append(!wildcards ? c : c switch { '*' => Any, '?' => One, _ => c });
            }
        }

        return result.ToString();
    }

    /// <summary>
    /// What a resource of a policy stands for: itself, and where it is an ARN without all of its six parts, also the one that AWS completes by a star for each missing part
    /// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html).
    /// </summary>
    /// <param name="resource">The resource as the policy has it.</param>
    /// <returns>One text or two.</returns>
    public static IEnumerable<string> Completed(string resource)
    {
        yield return resource;

        // A star at the end reaches over the colons as it is.
        if (!resource.StartsWith("arn:", StringComparison.Ordinal) || resource.EndsWith('*'))
        {
            yield break;
        }

        int colons = 0;
        bool variable = false;
        for (int i = 0; i < resource.Length; i++)
        {
            variable = resource[i] switch { '{' when resource[i - 1] == '$' => true, '}' => false, _ => variable };
            colons += resource[i] == ':' && !variable ? 1 : 0;
        }

        if (colons < 5)
        {
            yield return resource + string.Concat(Enumerable.Repeat(":*", 5 - colons));
        }
    }

    /// <summary>Whether a character of an expanded pattern is a wildcard.</summary>
    /// <param name="c">The character.</param>
    /// <returns>True for a wildcard.</returns>
    public static bool IsWildcard(char c) => c is Any or One;

    /// <summary>Whether an expanded pattern matches the whole of a text.</summary>
    /// <param name="pattern">From <see cref="Expand"/>.</param>
    /// <param name="text">The text.</param>
    /// <param name="ignoreCase">Whether case does not count.</param>
    /// <returns>True if it matches.</returns>
    public static bool IsMatch(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text, bool ignoreCase = false)
    {
        int p = 0, t = 0, afterStar = -1, resume = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == Any)
            {
                afterStar = ++p;
                resume = t;
            }
            else if (p < pattern.Length && (pattern[p] == One || Same(pattern[p], text[t], ignoreCase)))
            {
                p++;
                t++;
            }
            else if (afterStar >= 0)
            {
                p = afterStar;
                t = ++resume;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == Any)
        {
            p++;
        }

        return p == pattern.Length;
    }

    private static bool Same(char a, char b, bool ignoreCase) =>
        a == b || (ignoreCase && char.ToUpperInvariant(a) == char.ToUpperInvariant(b));

    private static string? Value(string variable, PolicyContext context)
    {
        if (variable is "*" or "?" or "$")
        {
            return variable;
        }

        int comma = variable.IndexOf(',', StringComparison.Ordinal);
        string key = (comma < 0 ? variable : variable[..comma]).Trim();
        if (context.Get(key) is [var value] && value.AsSpan().IndexOfAny(Any, One) < 0)
        {
            return value;
        }

        string fallback = comma < 0 ? "" : variable[(comma + 1)..].Trim();
        return fallback is ['\'', .., '\''] ? fallback[1..^1] : null;
    }
}
