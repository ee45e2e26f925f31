using System.Text;
using System.Text.RegularExpressions;

namespace System.Management.Automation;

[Flags]
public enum WildcardOptions
{
    None = 0,
    Compiled = 1,
    IgnoreCase = 2,
    CultureInvariant = 4,
}

/// <summary><c>*</c>, <c>?</c>, <c>[a-c]</c>; a backtick takes the meaning away.</summary>
public sealed class WildcardPattern
{
    private readonly Regex regex;

    public WildcardPattern(string pattern)
        : this(pattern, WildcardOptions.None)
    {
    }

    public WildcardPattern(string pattern, WildcardOptions options)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        RegexOptions flags = RegexOptions.Singleline | RegexOptions.CultureInvariant;
        if (options.HasFlag(WildcardOptions.IgnoreCase))
        {
            flags |= RegexOptions.IgnoreCase;
        }

        regex = new Regex(ToRegex(pattern), flags);
    }

    public static bool ContainsWildcardCharacters(string? pattern)
    {
        for (int i = 0; i < pattern?.Length; i++)
        {
            if (pattern[i] == '`')
            {
                i++;
            }
            else if (pattern[i] is '*' or '?' or '[' or ']')
            {
                return true;
            }
        }

        return false;
    }

    public static WildcardPattern Get(string pattern, WildcardOptions options) => new(pattern, options);

    public static string Escape(string pattern)
    {
        StringBuilder escaped = new();
        foreach (char c in pattern)
        {
            if (c is '*' or '?' or '[' or ']')
            {
                escaped.Append('`');
            }

            escaped.Append(c);
        }

        return escaped.ToString();
    }

    public static string Unescape(string pattern)
    {
        StringBuilder plain = new();
        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] == '`' && i + 1 < pattern.Length && pattern[i + 1] is '*' or '?' or '[' or ']')
            {
                i++;
            }

            plain.Append(pattern[i]);
        }

        return plain.ToString();
    }

    public bool IsMatch(string? input) => input is not null && regex.IsMatch(input);

    private static string ToRegex(string pattern)
    {
        StringBuilder made = new("^");
        for (int i = 0; i < pattern.Length; i++)
        {
            char c = pattern[i];
            switch (c)
            {
                case '`' when i + 1 < pattern.Length:
                    made.Append(Regex.Escape(pattern[++i].ToString()));
                    break;
                case '*':
                    made.Append(".*");
                    break;
                case '?':
                    made.Append('.');
                    break;
                case '[' when pattern.IndexOf(']', i + 1) is > 0 and int end:
                    made.Append('[').Append(pattern[(i + 1)..end].Replace(@"\", @"\\").Replace("^", @"\^").Replace("[", @"\[")).Append(']');
                    i = end;
                    break;
                case '[':
                    throw new ArgumentException($"The wildcard pattern \"{pattern}\" lacks a closing ].");
                default:
                    made.Append(Regex.Escape(c.ToString()));
                    break;
            }
        }

        return made.Append("\\z").ToString();
    }
}
