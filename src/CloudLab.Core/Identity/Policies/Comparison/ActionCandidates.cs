using CloudLab.Core.Identity.Catalogue;
using CloudLab.Core.Identity.Policies.Actions;

namespace CloudLab.Core.Identity.Policies.Comparison;

/// <summary>Actions that policies cannot tell apart.</summary>
/// <param name="Shown">Those to give as examples, the first of which stands for all.</param>
internal sealed record ActionClass(IReadOnlyList<string> Shown);

/// <summary>Actions worth trying: the real ones of every service that policies name or cover, put together where the policies treat them alike.</summary>
internal static class ActionCandidates
{
    // Shown for what policies only describe by a star.
    private static readonly string[] WellKnown =
    [
        "s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:DeleteBucket", "iam:PassRole", "iam:CreateUser", "iam:AttachRolePolicy", "sts:AssumeRole",
        "ec2:RunInstances", "ec2:DescribeInstances", "lambda:InvokeFunction", "kms:Decrypt", "secretsmanager:GetSecretValue", "dynamodb:GetItem",
        "sqs:SendMessage", "sns:Publish", "logs:PutLogEvents", "ecr:GetAuthorizationToken",
    ];

    /// <summary>Makes classes of actions.</summary>
    /// <param name="statements">Statements of all policies.</param>
    /// <param name="only">Pattern that the actions must match, or null.</param>
    /// <param name="given">Actions to try in place of all; null for all.</param>
    /// <param name="undecided">Is told what cannot be tried completely.</param>
    /// <returns>Classes.</returns>
    public static IReadOnlyList<ActionClass> For(IReadOnlyList<PolicyStatement> statements, string? only, IReadOnlyList<string>? given, Undecided undecided)
    {
        List<string> texts = [.. statements.SelectMany(statement => statement.Action.Concat(statement.NotAction)).Concat(only is null ? [] : [only]).Distinct(StringComparer.OrdinalIgnoreCase)];
        string[] patterns = [.. texts.Select(text => PolicyPattern.Expand(text, null, wildcards: true)!)];
        string[] literals = [.. texts.Where(text => text.AsSpan().IndexOfAny('*', '?') < 0)];
        HashSet<string> services = new(texts.Select(text => text.Split(':')[0]), StringComparer.OrdinalIgnoreCase);
        bool allServices = statements.Any(statement => statement.NotAction.Count > 0) || services.Any(service => service.AsSpan().IndexOfAny('*', '?') >= 0);
        IEnumerable<string> real = (allServices ? [.. ActionCatalogue.Services.OrderBy(service => !Array.Exists(WellKnown, action => action.StartsWith(service + ":", StringComparison.Ordinal)))] : services).SelectMany(ActionCatalogue.NamesOf);
        IEnumerable<string> actions = given ?? [.. literals, .. WellKnown, .. real, .. MadeUp(texts, patterns, undecided)];

        string? wanted = only is null ? null : PolicyPattern.Expand(only, null, wildcards: true);
        HashSet<string> shown = new([.. literals, .. WellKnown, .. given ?? []], StringComparer.OrdinalIgnoreCase);
        Dictionary<string, List<string>> classes = new(StringComparer.Ordinal);
        foreach (string action in actions.Distinct(StringComparer.OrdinalIgnoreCase).Where(action => wanted is null || PolicyPattern.IsMatch(wanted, action, ignoreCase: true)))
        {
            string key = string.Create(patterns.Length + 1, (patterns, action), static (span, state) =>
            {
                span[0] = (char)('0' + (int)PolicyActionNames.PlaceOf(state.action));
                for (int i = 0; i < state.patterns.Length; i++)
                {
                    span[i + 1] = PolicyPattern.IsMatch(state.patterns[i], state.action, ignoreCase: true) ? '1' : '0';
                }
            });
            if (!classes.TryGetValue(key, out List<string>? those))
            {
                classes[key] = those = [];
            }

            if (those.Count == 0 || shown.Contains(action) || services.Contains(action.Split(':')[0]))
            {
                those.Add(action);
            }
        }

        return [.. classes.Values.Select(those => new ActionClass(those))];
    }

    // Only where nothing real is known: services of others, and names that are newer than the catalogue.
    private static IEnumerable<string> MadeUp(List<string> texts, string[] patterns, Undecided undecided)
    {
        string[] unknown = [.. texts.Zip(patterns).Where(pair => pair.First.AsSpan().IndexOfAny('*', '?') >= 0 && !ActionCatalogue.Match(pair.First).Any()).Select(pair => pair.Second)];
        if (unknown.Length == 0)
        {
            return [];
        }

        PatternWitness search = new(patterns.Select(pattern => new WitnessPattern(pattern, IgnoreCase: true)));
        WitnessPattern form = new(PolicyPattern.Expand("?*:?*", null, wildcards: true)!);
        IReadOnlyList<string> found = search.Find([], form);
        if (search.Cut)
        {
            undecided.Add("the patterns of actions have too many combinations");
        }

        return found.Where(action => Array.Exists(unknown, pattern => PolicyPattern.IsMatch(pattern, action, ignoreCase: true)));
    }
}
