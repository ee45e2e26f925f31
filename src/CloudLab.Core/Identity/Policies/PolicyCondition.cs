using CloudLab.Core.Common;

namespace CloudLab.Core.Identity.Policies;

/// <summary>One condition of a statement. It holds when any one of its values holds (for a negated operator: when none is equal).</summary>
public sealed class PolicyCondition
{
    /// <summary>Creates a condition. Throws <see cref="Common.Errors.LabException"/> for an operator that does not exist.</summary>
    /// <param name="operatorName">Operator: <c>StringLike</c>, <c>ForAnyValue:StringEquals</c>, <c>NumericLessThanIfExists</c>.</param>
    /// <param name="key">Condition key: <c>s3:prefix</c>, <c>aws:PrincipalTag/team</c>.</param>
    /// <param name="values">Values to compare with.</param>
    public PolicyCondition(string operatorName, string key, IReadOnlyList<string> values)
    {
        Operator = operatorName;
        Key = key;
        Value = TextList.Of(values);
        Test = ConditionTest.Parse(operatorName)
            ?? throw PolicyReader.Malformed("Condition", $"'{operatorName}' is not a condition operator{PolicyReader.Suggest(operatorName, ConditionTest.Names)}");
        foreach (string value in values)
        {
            if (!Test.Accepts(value))
            {
                throw PolicyReader.Malformed($"Condition.{operatorName}.{key}", $"'{value}' is not a valid value for {operatorName}");
            }
        }
    }

    /// <summary>Operator, with <c>ForAllValues:</c> or <c>ForAnyValue:</c> and <c>IfExists</c> where given.</summary>
    public string Operator { get; }

    /// <summary>Condition key.</summary>
    public string Key { get; }

    /// <summary>Values to compare with; one is enough.</summary>
    public IReadOnlyList<string> Value { get; }

    internal ConditionTest Test { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Operator} {Key} {string.Join(", ", Value)}";
}
