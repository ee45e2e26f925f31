using System.Text;
using System.Text.RegularExpressions;

namespace CloudLab.Core.Identity.Policies.Comparison;

/// <summary>The variables of policies, and the values that make their statements match what other statements name.</summary>
internal sealed partial class VariableValues
{
    private const int MostAssignments = 512;
    private const int MostValues = 24;
    private const string Another = "another";

    private readonly Dictionary<string, List<string[]?>> values = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Looks for variables and their values.</summary>
    /// <param name="documents">The policies.</param>
    /// <param name="conditions">Conditions of all policies, by key.</param>
    /// <param name="undecided">Is told what cannot be tried completely.</param>
    public VariableValues(IReadOnlyList<PolicyDocument> documents, IReadOnlyDictionary<string, List<PolicyCondition>> conditions, Undecided undecided)
    {
        List<PolicyStatement> statements = [.. documents.Where(document => document.HasVariables).SelectMany(document => document.Statement)];
        foreach (string variable in statements.SelectMany(Of).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            // With a value first: a statement whose variable has none matches nothing.
            values[variable] = [[ConditionValues.Example], null, [Another]];
        }

        if (values.Count > 0)
        {
            List<string> resources = [.. documents.SelectMany(document => document.Statement).SelectMany(statement => statement.Resource.Concat(statement.NotResource))];
            Capture(resources, [.. resources.Select(resource => new WitnessPattern(PolicyPattern.Expand(Variable().Replace(resource, "*"), null, wildcards: true)!))], undecided);
            foreach ((string key, List<PolicyCondition> those) in conditions)
            {
                List<string> texts = [.. those.SelectMany(condition => condition.Value)];
                Capture(texts, [.. ConditionValues.Patterns(those.Select(Opened), [new PolicyContext()])], undecided);
                if (values.TryGetValue(key, out List<string[]?>? own))
                {
                    own.AddRange(ConditionValues.For(key, those, [new PolicyContext()], undecided));
                }
            }
        }

        foreach (string variable in values.Keys.ToList())
        {
            List<string[]?> distinct = [.. values[variable].DistinctBy(value => value is null ? "" : "=" + string.Join('\n', value))];
            if (distinct.Count > MostValues)
            {
                undecided.Add($"variable {variable} can have too many values");
            }

            values[variable] = [.. distinct.Take(MostValues)];
        }

        All = [.. Assignments(values.Keys, undecided)];
    }

    /// <summary>All combinations of values; a single empty one where there are no variables.</summary>
    public IReadOnlyList<PolicyContext> All { get; }

    /// <summary>Names of the variables.</summary>
    public IReadOnlyCollection<string> Names => values.Keys;

    /// <summary>The values of a variable.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Values.</returns>
    public IEnumerable<string> ValuesOf(string name) => values.GetValueOrDefault(name)?.OfType<string[]>().SelectMany(value => value) ?? [];

    /// <summary>The variables of a statement.</summary>
    /// <param name="statement">The statement.</param>
    /// <returns>Names.</returns>
    public static IEnumerable<string> Of(PolicyStatement statement) => statement.Resource.Concat(statement.NotResource).Concat(statement.Condition.SelectMany(condition => condition.Value))
        .SelectMany(text => Variable().Matches(text)).Select(NameOf).Where(name => name is not ("*" or "?" or "$"));

    /// <summary>The combinations of the values of some variables.</summary>
    /// <param name="names">The variables.</param>
    /// <param name="undecided">Is told if there are too many.</param>
    /// <returns>Combinations; a single empty one for no variables.</returns>
    public IReadOnlyList<PolicyContext> Assignments(IReadOnlyCollection<string> names, Undecided undecided)
    {
        List<(string Name, string[]? Value)[]> combinations = [[]];
        foreach (string name in names)
        {
            combinations = [.. combinations.SelectMany(_ => values[name], (those, value) => ((string, string[]?)[])[.. those, (name, value)])];
            if (combinations.Count > MostAssignments)
            {
                undecided.Add("the policy variables have too many combinations of values");
                combinations = combinations[..MostAssignments];
            }
        }

        return [.. combinations.Select(those =>
        {
            PolicyContext context = new();
            foreach ((string name, string[]? value) in those)
            {
                if (value is not null)
                {
                    context.Set(name, value);
                }
            }

            return context;
        })];
    }

    private static string NameOf(Match variable) => variable.Groups[1].Value.Trim();

    // What a variable must be for a text with it to match what other patterns match.
    private void Capture(IReadOnlyList<string> texts, IReadOnlyList<WitnessPattern> patterns, Undecided undecided)
    {
        List<Regex> withVariables = [.. texts.Where(text => Variable().Matches(text).Any(match => values.ContainsKey(NameOf(match)))).Distinct(StringComparer.Ordinal).Select(Capturing)];
        if (withVariables.Count == 0)
        {
            return;
        }

        PatternWitness search = new(patterns);
        IReadOnlyList<string> found = search.Find([], new WitnessPattern($"{PolicyPattern.Any}"));
        if (search.Cut)
        {
            undecided.Add("texts with policy variables have too many combinations");
        }

        try
        {
            foreach (Match match in withVariables.SelectMany(_ => found, (pattern, text) => pattern.Match(text)).Where(match => match.Success))
            {
                foreach (Group group in match.Groups.Cast<Group>().Skip(1))
                {
                    string name = Encoding.UTF8.GetString(Convert.FromHexString(group.Name[1..]));
                    if (values.TryGetValue(name, out List<string[]?>? own))
                    {
                        own.Add([group.Value]);
                    }
                }
            }
        }
        catch (RegexMatchTimeoutException)
        {
            undecided.Add("a text has too many wildcards beside its policy variables");
        }
    }

    // Groups can have only letters and digits in their names.
    private static Regex Capturing(string text)
    {
        StringBuilder pattern = new("^");
        int at = 0;
        HashSet<string> named = new(StringComparer.OrdinalIgnoreCase);
        foreach (Match match in Variable().Matches(text))
        {
            pattern.Append(Wild(text[at..match.Index]));
            string name = NameOf(match), group = "v" + Convert.ToHexString(Encoding.UTF8.GetBytes(name));
            pattern.Append(name is "*" or "?" or "$" ? Regex.Escape(name) : named.Add(name) ? $"(?<{group}>.*)" : $"\\k<{group}>");
            at = match.Index + match.Length;
        }

        return new Regex(pattern.Append(Wild(text[at..])).Append('$').ToString(), RegexOptions.Singleline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));

        static string Wild(string part) => Regex.Escape(part).Replace(@"\*", ".*", StringComparison.Ordinal).Replace(@"\?", ".", StringComparison.Ordinal);
    }

    // The condition with anything in place of its variables.
    private static PolicyCondition Opened(PolicyCondition condition) => condition.Value.Any(value => Variable().IsMatch(value))
        ? new PolicyCondition(condition.Test.Name.StartsWith("Arn", StringComparison.Ordinal) ? "ArnLike" : "StringLike", condition.Key, [.. condition.Value.Select(value => Variable().Replace(value, "*"))])
        : condition;

    [GeneratedRegex(@"\$\{([^},]+)[^}]*\}")]
    private static partial Regex Variable();
}
