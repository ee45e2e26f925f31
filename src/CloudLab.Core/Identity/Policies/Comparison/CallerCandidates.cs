using CloudLab.Core.Identity.Policies.Decisions;

namespace CloudLab.Core.Identity.Policies.Comparison;

/// <summary>
/// Callers worth trying for policies that name principals: all who are named, in every form that a caller can have, some who are only described by
/// conditions, and some who are not named at all.
/// </summary>
internal static class CallerCandidates
{
    private const string Stranger = "999999999999";
    private const string PrincipalArn = "aws:PrincipalArn";
    private const string PrincipalAccount = "aws:PrincipalAccount";
    private const string UserName = "aws:username";

    private static readonly string Account = new(PatternWitness.Digit, 12);

    /// <summary>Makes callers.</summary>
    /// <param name="statements">Statements of all policies.</param>
    /// <param name="conditions">Their conditions, by key.</param>
    /// <param name="variables">Their variables.</param>
    /// <param name="undecided">Is told what cannot be tried completely.</param>
    /// <returns>Callers, those who are named first.</returns>
    public static IReadOnlyList<PolicyCaller> For(
        IReadOnlyList<PolicyStatement> statements, IReadOnlyDictionary<string, List<PolicyCondition>> conditions, VariableValues variables, Undecided undecided)
    {
        List<string> names = [];
        List<PolicyCaller> callers = [];
        HashSet<string> accounts = new(StringComparer.Ordinal);
        foreach (PolicyPrincipal principal in statements.SelectMany(statement => new[] { statement.Principal, statement.NotPrincipal }).OfType<PolicyPrincipal>())
        {
            names.AddRange(principal.AWS);
            callers.AddRange(principal.Service.Select(service => new PolicyCaller { Service = service }));
            callers.AddRange(principal.Federated.Select(provider => new PolicyCaller { Federated = provider }));
            callers.AddRange(principal.CanonicalUser.Select(id => new PolicyCaller { CanonicalUser = id }));
        }

        names.AddRange(Described(PrincipalArn, "arn:aws:iam::{0}:user/*", "arn:aws:iam::{0}:role/*", "arn:aws:iam::{0}:root", "arn:aws:sts::{0}:federated-user/*"));
        names.AddRange(variables.ValuesOf(PrincipalArn));
        accounts.UnionWith(Described(PrincipalAccount, "{0}").Concat(variables.ValuesOf(PrincipalAccount)).Where(IsAccount));
        string[] users = [.. Described(UserName, "*").Concat(variables.ValuesOf(UserName)).Where(name => name.Length > 0), ConditionValues.Example];

        List<PolicyCaller> named = [];
        foreach (string name in names.Distinct(StringComparer.Ordinal))
        {
            // Null: the id of somebody who was deleted, or a form that nobody calls with.
            if (name != "*" && !IsAccount(name) && CallerText.TryParse(name) is { } caller)
            {
                named.Add(caller);
                accounts.Add(caller.Account ?? Stranger);
            }
            else if (IsAccount(name))
            {
                accounts.Add(name);
            }
        }

        // A session is named by its own ARN, which does not have the path of its role: it can be one of any role of that name that is named.
        foreach (PolicyCaller session in named.Where(caller => caller.Arn?.Contains(":assumed-role/", StringComparison.Ordinal) == true).ToList())
        {
            string role = session.Arn!.Split('/')[1];
            named.AddRange(named.Where(caller => caller.RoleArn is { } arn && caller.Account == session.Account && arn[(arn.LastIndexOf('/') + 1)..] == role)
                .Select(caller => caller with { Arn = session.Arn }).ToList());
        }

        callers.AddRange(named);
        accounts.Add(Stranger);
        foreach (string account in accounts)
        {
            callers.AddRange(users.Distinct(StringComparer.Ordinal).Select(user => new PolicyCaller { Account = account, Arn = $"arn:aws:iam::{account}:user/{user}" }));
            callers.Add(CallerText.Parse($"arn:aws:iam::{account}:role/{ConditionValues.Example}"));
            callers.Add(CallerText.Parse(account));
        }

        callers.AddRange([new PolicyCaller { Service = "example.amazonaws.com" }, new PolicyCaller { Federated = "accounts.example.com" }, PolicyCaller.Anonymous]);
        return [.. callers.Distinct()];

        // Those whom no principal names but whom conditions tell apart.
        IReadOnlyList<string> Described(string key, params string[] forms)
        {
            if (!conditions.TryGetValue(key, out List<PolicyCondition>? those))
            {
                return [];
            }

            PatternWitness search = new(ConditionValues.Patterns(those, variables.All));
            IReadOnlyList<string> found = search.Find(
                those.SelectMany(condition => condition.Value).Where(value => value.AsSpan().IndexOfAny('*', '?') < 0),
                [.. forms.Select(form => new WitnessPattern(PolicyPattern.Expand(string.Format(System.Globalization.CultureInfo.InvariantCulture, form, Account), null, wildcards: true)!))]);
            if (search.Cut)
            {
                undecided.Add($"the values of condition key {key} have too many combinations");
            }

            return found;
        }
    }

    private static bool IsAccount(string name) => name.Length == 12 && name.All(char.IsAsciiDigit);
}
