using System.Text;

namespace CloudLab.Core.Identity.Policies.Comparison;

/// <summary>A pattern that texts are found for.</summary>
/// <param name="Text">From <see cref="PolicyPattern.Expand"/>; may also have the wildcards of <see cref="PatternWitness"/>.</param>
/// <param name="IgnoreCase">Whether case does not count.</param>
internal readonly record struct WitnessPattern(string Text, bool IgnoreCase = false);

/// <summary>
/// Finds texts for patterns: for each combination of patterns that some text matches, and no others, the shortest such text. The patterns
/// run side by side as one automaton, over the letters that occur in them and one that does not: all texts behave like one of those that it finds.
/// </summary>
internal sealed class PatternWitness
{
    /// <summary>Wildcard for any text without a colon: what a star is within a part of an ARN.</summary>
    public const char PartAny = '\uFDD0';

    /// <summary>Wildcard for any character but a colon.</summary>
    public const char PartOne = '\uFDD1';

    /// <summary>Wildcard for a digit.</summary>
    public const char Digit = '\uFDD2';

    private const int MostStates = 60_000;

    private readonly WitnessPattern[] patterns;
    private readonly char other;
    private readonly bool bothCases;

    /// <summary>Prepares a search.</summary>
    /// <param name="patterns">The patterns.</param>
    public PatternWitness(IEnumerable<WitnessPattern> patterns)
    {
        this.patterns = [.. patterns.Distinct()];

        // Where case counts for some, a letter of those for which it does not has two forms.
        bothCases = this.patterns.Any(pattern => !pattern.IgnoreCase);
        HashSet<char> used = [.. this.patterns.SelectMany(pattern => pattern.Text).Select(char.ToUpperInvariant)];
        other = "xqzkjwvy_~0123456789".FirstOrDefault(c => !used.Contains(char.ToUpperInvariant(c)), '\u00B7');
    }

    /// <summary>Whether the search gave up before it had seen all combinations.</summary>
    public bool Cut { get; private set; }

    /// <summary>Pattern of a text that means one thing: each of the first five parts of an ARN is matched by itself.</summary>
    /// <param name="expanded">From <see cref="PolicyPattern.Expand"/>.</param>
    /// <returns>The pattern; null for what no ARN matches.</returns>
    public static WitnessPattern? OfArn(string expanded)
    {
        string[] parts = expanded.Split(':', 6);
        return parts.Length switch
        {
            1 => new WitnessPattern(expanded),
            6 => new WitnessPattern(string.Join(':', parts.Select((part, i) => i == 5 ? part : part.Replace(PolicyPattern.Any, PartAny).Replace(PolicyPattern.One, PartOne)))),
            _ => null,
        };
    }

    /// <summary>Which patterns a text matches.</summary>
    /// <param name="text">The text.</param>
    /// <returns>A key that is the same for texts that match the same patterns.</returns>
    public string Signature(string text) => string.Concat(patterns.Select(pattern => Matches(pattern, text) ? '1' : '0'));

    /// <summary>Finds a text for each combination.</summary>
    /// <param name="preferred">Texts to take where they do.</param>
    /// <param name="universes">Patterns, one of which every text must match.</param>
    /// <returns>The preferred texts, and one text for each combination that none of them has.</returns>
    public IReadOnlyList<string> Find(IEnumerable<string> preferred, params IReadOnlyList<WitnessPattern> universes)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        List<string> texts = [];
        foreach (string text in preferred.Distinct(StringComparer.Ordinal))
        {
            seen.Add(Signature(text));
            texts.Add(text);
        }

        WitnessPattern[] side = [.. patterns, .. universes.Distinct()];
        Queue<(int[][] State, string Text)> queue = new();
        HashSet<string> states = new(StringComparer.Ordinal);
        int[][] start = [.. side.Select(pattern => Closed(pattern.Text, [0]))];
        queue.Enqueue((start, ""));
        states.Add(Key(start));
        while (queue.TryDequeue(out (int[][] State, string Text) at))
        {
            if (IsIn(side, at.State) && seen.Add(SignatureOf(at.State)))
            {
                texts.Add(Named(at.Text, universes));
            }

            foreach (char letter in Letters(side, at.State))
            {
                int[][] next = new int[side.Length][];
                bool alive = false;
                for (int i = 0; i < side.Length; i++)
                {
                    next[i] = at.State[i].Length == 0 ? [] : Step(side[i], at.State[i], letter);
                    alive |= i >= patterns.Length && next[i].Length > 0;
                }

                // Nothing to be found where every universe has ended.
                if (!alive || !states.Add(Key(next)))
                {
                    continue;
                }

                if (states.Count > MostStates)
                {
                    Cut = true;
                    return texts;
                }

                queue.Enqueue((next, at.Text + letter));
            }
        }

        return texts;
    }

    // An end that is nothing but a bare prefix looks like no real name: one letter more is as good where it matches the same.
    private string Named(string text, IReadOnlyList<WitnessPattern> universes)
    {
        string longer = text + other;
        return text.Length > 0 && universes.Any(universe => Matches(universe, longer)) && Signature(longer) == Signature(text) ? longer : text;
    }

    private bool IsIn(WitnessPattern[] side, int[][] state)
    {
        for (int i = patterns.Length; i < side.Length; i++)
        {
            if (Array.IndexOf(state[i], side[i].Text.Length) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    private string SignatureOf(int[][] state) =>
        string.Concat(patterns.Select((pattern, i) => Array.IndexOf(state[i], pattern.Text.Length) >= 0 ? '1' : '0'));

    // What the patterns wait for, and one letter that none does.
    private HashSet<char> Letters(WitnessPattern[] side, int[][] state)
    {
        HashSet<char> letters = [];
        for (int i = 0; i < side.Length; i++)
        {
            foreach (int position in state[i])
            {
                char wanted = position < side[i].Text.Length ? side[i].Text[position] : PolicyPattern.Any;
                switch (wanted)
                {
                    case PolicyPattern.Any or PolicyPattern.One:
                        break;
                    case PartAny or PartOne:
                        letters.Add(':');
                        break;
                    case Digit:
                        letters.Add('1');
                        break;
                    default:
                        letters.Add(wanted);
                        if (side[i].IgnoreCase && bothCases)
                        {
                            letters.Add(char.ToUpperInvariant(wanted));
                            letters.Add(char.ToLowerInvariant(wanted));
                        }

                        break;
                }
            }
        }

        letters.Add(other);
        return letters;
    }

    private static bool Matches(WitnessPattern pattern, string text)
    {
        int[] positions = Closed(pattern.Text, [0]);
        for (int i = 0; i < text.Length && positions.Length > 0; i++)
        {
            positions = Step(pattern, positions, text[i]);
        }

        return Array.IndexOf(positions, pattern.Text.Length) >= 0;
    }

    private static string Key(int[][] state)
    {
        StringBuilder key = new();
        for (int i = 0; i < state.Length; i++)
        {
            if (state[i].Length > 0)
            {
                key.Append(i).Append(':').AppendJoin(',', state[i]).Append(';');
            }
        }

        return key.ToString();
    }

    private static int[] Step(WitnessPattern pattern, int[] positions, char letter)
    {
        List<int> next = [];
        foreach (int position in positions)
        {
            if (position == pattern.Text.Length)
            {
                continue;
            }

            switch (pattern.Text[position])
            {
                case PolicyPattern.Any:
                    next.Add(position);
                    break;
                case PartAny:
                    if (letter != ':')
                    {
                        next.Add(position);
                    }

                    break;
                case var wanted when wanted == PolicyPattern.One || wanted == letter || (wanted == PartOne && letter != ':') || (wanted == Digit && char.IsAsciiDigit(letter))
                    || (pattern.IgnoreCase && char.ToUpperInvariant(wanted) == char.ToUpperInvariant(letter)):
                    next.Add(position + 1);
                    break;
                default:
                    break;
            }
        }

        return next.Count == 0 ? [] : Closed(pattern.Text, next);
    }

    // A star may stand for nothing. And whoever has come to a star that takes everything needs no earlier position any more: what they match, it matches too.
    private static int[] Closed(string pattern, List<int> positions)
    {
        SortedSet<int> closed = [.. positions];
        int star = -1;
        for (int i = closed.Min; i < pattern.Length; i++)
        {
            if (pattern[i] is PolicyPattern.Any or PartAny && closed.Contains(i))
            {
                closed.Add(i + 1);
                star = pattern[i] == PolicyPattern.Any ? i : star;
            }
        }

        closed.RemoveWhere(position => position < star);
        return [.. closed];
    }
}
