namespace CloudLab.Core.Identity.Policies.Comparison;

/// <summary>
/// Finds texts for patterns: for each combination of patterns that some text matches, and no others, the shortest such text. The patterns
/// run side by side as one automaton, over the letters that occur in them and one that does not.
/// </summary>
internal sealed class PatternWitness
{
    private const int MostStates = 20_000;

    private readonly string[] patterns;
    private readonly bool ignoreCase;
    private readonly char[] letters;

    /// <summary>Prepares a search.</summary>
    /// <param name="patterns">Patterns from <see cref="PolicyPattern.Expand"/>.</param>
    /// <param name="ignoreCase">Whether case does not count.</param>
    public PatternWitness(IEnumerable<string> patterns, bool ignoreCase)
    {
        this.ignoreCase = ignoreCase;
        this.patterns = [.. patterns.Distinct(StringComparer.Ordinal)];
        Dictionary<char, char> found = [];
        foreach (char c in this.patterns.SelectMany(pattern => pattern).Where(c => !PolicyPattern.IsWildcard(c)))
        {
            // The first spelling is the one to show.
            found.TryAdd(ignoreCase ? char.ToUpperInvariant(c) : c, c);
        }

        char other = "xqzkjwvy0123456789".FirstOrDefault(c => !found.ContainsKey(ignoreCase ? char.ToUpperInvariant(c) : c), '_');
        letters = [.. found.Values, other];
    }

    /// <summary>Whether the search gave up before it had seen all combinations.</summary>
    public bool Cut { get; private set; }

    /// <summary>Which patterns a text matches.</summary>
    /// <param name="text">The text.</param>
    /// <returns>A key that is the same for texts that match the same patterns.</returns>
    public string Signature(string text) => string.Concat(patterns.Select(pattern => PolicyPattern.IsMatch(pattern, text, ignoreCase) ? '1' : '0'));

    /// <summary>Finds a text for each combination.</summary>
    /// <param name="preferred">Texts to take where they do.</param>
    /// <param name="universe">A pattern that every text must match.</param>
    /// <returns>The preferred texts, and one text for each combination that none of them has.</returns>
    public IReadOnlyList<string> Find(IEnumerable<string> preferred, string universe)
    {
        string all = PolicyPattern.Expand(universe, null, wildcards: true)!;
        HashSet<string> seen = new(StringComparer.Ordinal);
        List<string> texts = [];
        foreach (string text in preferred.Distinct(StringComparer.Ordinal))
        {
            seen.Add(Signature(text));
            texts.Add(text);
        }

        string[] side = [.. patterns, all];
        Queue<(int[][] State, string Text)> queue = new();
        HashSet<string> states = new(StringComparer.Ordinal);
        int[][] start = [.. side.Select(pattern => Closed(pattern, [0]))];
        queue.Enqueue((start, ""));
        states.Add(Key(start));
        while (queue.TryDequeue(out (int[][] State, string Text) at))
        {
            // An end that is nothing but a bare prefix looks like no real name: one letter more is as good where it matches the same.
            if (at.Text.Length > 0 && PolicyPattern.IsMatch(all, at.Text, ignoreCase) && seen.Add(Signature(at.Text)))
            {
                string longer = at.Text + letters[^1];
                texts.Add(Signature(longer) == Signature(at.Text) ? longer : at.Text);
            }

            foreach (char letter in letters)
            {
                int[][] next = new int[side.Length][];
                for (int i = 0; i < side.Length; i++)
                {
                    next[i] = Step(side[i], at.State[i], letter);
                }

                // Nothing to be found where the universe has ended.
                if (next[^1].Length == 0 || !states.Add(Key(next)))
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

    private static string Key(int[][] state) => string.Join('|', state.Select(positions => string.Join(',', positions)));

    private int[] Step(string pattern, int[] positions, char letter)
    {
        List<int> next = [];
        foreach (int position in positions)
        {
            if (position == pattern.Length)
            {
                continue;
            }

            char wanted = pattern[position];
            if (wanted == PolicyPattern.Any)
            {
                next.Add(position);
            }
            else if (wanted == PolicyPattern.One || wanted == letter || (ignoreCase && char.ToUpperInvariant(wanted) == char.ToUpperInvariant(letter)))
            {
                next.Add(position + 1);
            }
        }

        return Closed(pattern, next);
    }

    // A star may stand for nothing. And whoever has come to a star needs no earlier position any more: what they match, it matches too.
    private static int[] Closed(string pattern, List<int> positions)
    {
        SortedSet<int> closed = [.. positions];
        int star = -1;
        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] == PolicyPattern.Any && closed.Contains(i))
            {
                closed.Add(i + 1);
                star = i;
            }
        }

        closed.RemoveWhere(position => position < star);
        return [.. closed];
    }
}
