using System.Collections;
using System.Collections.Specialized;

namespace CloudLab.Core.Identity.Policies;

/// <summary>
/// A part of a policy that is a dictionary of what the policy language has there, so that ConvertTo-Json (-Depth 8) writes the policy.
/// It cannot be changed.
/// </summary>
internal interface IPolicyNode : IDictionary
{
    bool IDictionary.IsFixedSize => true;

    bool IDictionary.IsReadOnly => true;

    ICollection IDictionary.Keys => Elements().Keys;

    ICollection IDictionary.Values => Elements().Values;

    int ICollection.Count => Elements().Count;

    bool ICollection.IsSynchronized => false;

    object ICollection.SyncRoot => this;

    object? IDictionary.this[object key]
    {
        get => Elements()[key];
        set => throw new NotSupportedException("A policy cannot be changed: create another with New-LabPolicyDocument.");
    }

    /// <summary>What there is, by its names in the policy language.</summary>
    /// <returns>Names and values; what the policy does not have is left out.</returns>
    OrderedDictionary Elements();

    void IDictionary.Add(object key, object? value) => throw new NotSupportedException("A policy cannot be changed: create another with New-LabPolicyDocument.");

    void IDictionary.Clear() => throw new NotSupportedException("A policy cannot be changed: create another with New-LabPolicyDocument.");

    void IDictionary.Remove(object key) => throw new NotSupportedException("A policy cannot be changed: create another with New-LabPolicyDocument.");

    bool IDictionary.Contains(object key) => Elements().Contains(key);

    void ICollection.CopyTo(Array array, int index) => Elements().CopyTo(array, index);

    IDictionaryEnumerator IDictionary.GetEnumerator() => Elements().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => Elements().GetEnumerator();
}
